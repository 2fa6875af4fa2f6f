"""What a person meant by a name that does not exist."""


def nearest(name, candidates):
    """The candidate nearest to a name, if it is near enough to be meant."""
    near = sorted((distance(name[:100], candidate), candidate) for candidate in candidates)
    near = [candidate for edits, candidate in near if edits <= max(len(candidate), 3) / 3]
    return near[0] if near else None


def suggestion(name, candidates):
    """` Did you mean "x"?`, or nothing."""
    near = nearest(name, candidates)
    return "" if near is None else f' Did you mean "{near}"?'


def distance(one, other):
    """Edit distance in which two letters that changed places are one edit."""
    before, row = [], list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        following = [i]
        for j, b in enumerate(other, 1):
            edits = [row[j - 1] + (a != b), row[j] + 1, following[j - 1] + 1]
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                edits.append(before[j - 2] + 1)
            following.append(min(edits))
        before, row = row, following
    return row[-1]
