//! Scopes and the endpoint groups that they open (HAPI §3.3).

use std::{fmt, str::FromStr};

/// A family of endpoints that one pair of scopes opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// Tickets, actions and attachments.
    Tickets,
    /// Appointments.
    Calendar,
    /// Clients, sites and users.
    Customers,
    /// CRM notes and opportunities.
    Crm,
    /// Timesheets.
    Timesheets,
    /// Client contracts.
    Contracts,
    /// Suppliers.
    Suppliers,
    /// Items.
    Items,
    /// Projects.
    Projects,
    /// Sales.
    Sales,
    /// Quotations.
    Quotes,
    /// Sales orders.
    SalesOrders,
    /// Purchase orders.
    PurchaseOrders,
    /// Invoices and recurring invoices.
    Invoices,
    /// Reports.
    Reporting,
    /// Software.
    Software,
    /// Software licences.
    SoftwareLicensing,
    /// Knowledge base.
    Kb,
    /// Assets and their types.
    Assets,
    /// Webhooks, notifications, audit: needs `admin` (HAPI §13.1).
    Admin,
    /// Statuses, types, teams, agents and the like: no scope needed
    /// (HAPI §3.3, conflict), but a quirk may close it.
    Configuration,
}

/// Reading or changing. Changing includes reading (HAPI §3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// GET.
    Read,
    /// POST and DELETE.
    Edit,
}

impl Group {
    /// All groups with their names in scopes.
    pub const ALL: [(&'static str, Self); 21] = [
        ("tickets", Self::Tickets),
        ("calendar", Self::Calendar),
        ("customers", Self::Customers),
        ("crm", Self::Crm),
        ("timesheets", Self::Timesheets),
        ("contracts", Self::Contracts),
        ("suppliers", Self::Suppliers),
        ("items", Self::Items),
        ("projects", Self::Projects),
        ("sales", Self::Sales),
        ("quotes", Self::Quotes),
        ("sos", Self::SalesOrders),
        ("pos", Self::PurchaseOrders),
        ("invoices", Self::Invoices),
        ("reporting", Self::Reporting),
        ("software", Self::Software),
        ("softwarelicensing", Self::SoftwareLicensing),
        ("kb", Self::Kb),
        ("assets", Self::Assets),
        ("admin", Self::Admin),
        ("configuration", Self::Configuration),
    ];

    /// The name in scopes and switches.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, group)| *group == self).map_or("", |(name, _)| name)
    }

    fn has_scopes(self) -> bool {
        !matches!(self, Self::Admin | Self::Configuration)
    }
}

/// A group, and whether only reading or only changing is meant; the value of
/// the switches `forbid` and `unauthorized`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// The endpoints.
    pub group: Group,
    /// Only this; `None` is both.
    pub level: Option<Level>,
}

impl Access {
    /// Whether a request of this kind is meant.
    #[must_use]
    pub fn covers(self, group: Group, level: Level) -> bool {
        self.group == group && self.level.is_none_or(|only| only == level)
    }
}

impl FromStr for Access {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (level, name) = match text.split_once(':') {
            Some(("read", name)) => (Some(Level::Read), name),
            Some(("edit", name)) => (Some(Level::Edit), name),
            _ => (None, text),
        };
        Group::ALL
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, group)| Self { group: *group, level })
            .ok_or_else(|| {
                let names: Vec<_> = Group::ALL.iter().map(|(name, _)| *name).collect();
                format!(
                    "a scope group, with read: or edit: before it if only one is meant; groups: {}",
                    names.join(", ")
                )
            })
    }
}

impl fmt::Display for Access {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.level {
            None => "",
            Some(Level::Read) => "read:",
            Some(Level::Edit) => "edit:",
        })?;
        formatter.write_str(self.group.name())
    }
}

/// Scopes without an endpoint of ours, still granted and accepted.
const OTHER_SCOPES: [&str; 7] = [
    "editMine:timesheets",
    "access:chat",
    "access:adpasswordreset",
    "read:distributionlists",
    "edit:distributionlists",
    "read:mailcampaign",
    "read:events",
];

/// The scopes of the login itself; they appear in every answer (HAPI §3.2).
const LOGIN_SCOPES: [&str; 5] = ["openid", "email", "profile", "offline_access", "roles"];

/// What a token may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Grants {
    scopes: Vec<String>,
}

impl Grants {
    /// Reads a requested scope text; the error is the scope that does not exist.
    pub(crate) fn request(text: &str) -> Result<Self, String> {
        let mut scopes = Vec::new();
        for asked in text.split_whitespace() {
            match asked {
                "all" | "all:standard" => {
                    scopes.extend(every_scope());
                    if asked == "all" {
                        scopes.push("admin".to_owned());
                    }
                }
                "admin" => scopes.push(asked.to_owned()),
                login if LOGIN_SCOPES.contains(&login) => {}
                known if every_scope().iter().any(|scope| scope == known) => {
                    scopes.push(known.to_owned());
                }
                unknown => return Err(unknown.to_owned()),
            }
        }
        let mut seen = std::collections::HashSet::new();
        scopes.retain(|scope| seen.insert(scope.clone()));
        Ok(Self { scopes })
    }

    /// Whether a request of this kind may be done.
    #[must_use]
    pub(crate) fn allow(&self, group: Group, level: Level) -> bool {
        match group {
            Group::Configuration => true,
            Group::Admin => self.scopes.iter().any(|scope| scope == "admin"),
            group => self.scopes.iter().any(|scope| {
                scope.split_once(':').is_some_and(|(verb, name)| {
                    name == group.name() && (verb == "edit" || (verb == "read" && level == Level::Read))
                })
            }),
        }
    }

    /// The scopes, expanded, without those of the login itself.
    pub(crate) fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scopes.iter().map(String::as_str)
    }

    /// Whether nothing was granted: such a token is refused everywhere (HAPI §3.3).
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.scopes.is_empty()
    }
}

impl fmt::Display for Grants {
    /// The expanded list of the token answer (HAPI §3.2).
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&LOGIN_SCOPES.join(" "))?;
        for scope in &self.scopes {
            write!(formatter, " {scope}")?;
        }
        Ok(())
    }
}

fn every_scope() -> Vec<String> {
    let groups = Group::ALL.iter().filter(|(_, group)| group.has_scopes());
    groups
        .flat_map(|(name, _)| [format!("read:{name}"), format!("edit:{name}")])
        .chain(OTHER_SCOPES.iter().map(|&scope| scope.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edit_includes_read_and_unknown_scopes_are_named() {
        let grants = Grants::request("edit:tickets read:customers").unwrap_or_default();
        assert!(grants.allow(Group::Tickets, Level::Read));
        assert!(grants.allow(Group::Tickets, Level::Edit));
        assert!(grants.allow(Group::Customers, Level::Read));
        assert!(!grants.allow(Group::Customers, Level::Edit));
        assert!(!grants.allow(Group::Admin, Level::Read));
        assert!(grants.allow(Group::Configuration, Level::Read));
        for unknown in ["read:actions", "edit:actions", "read:sites", "read:users", "read:agents"] {
            assert_eq!(Grants::request(unknown), Err(unknown.to_owned()));
        }
    }

    #[test]
    fn all_is_answered_expanded() {
        let text = Grants::request("all").unwrap_or_default().to_string();
        assert!(text.starts_with("openid email profile offline_access roles read:tickets edit:tickets"));
        assert!(text.split(' ').all(|scope| scope != "all"));
    }
}
