use std::sync::Arc;

use http::HeaderValue;

use super::*;

const HERE: &str = "https://api.example";
const THERE: &str = "https://files.example";
const WINDOW: Duration = Duration::from_secs(60);

fn budget(requests: u32) -> Arc<Budget> {
    Arc::new(Budget::new(Some(RateLimit { requests, window: WINDOW })))
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(600)
}

fn told(retry_after: &str) -> HeaderMap {
    [(RETRY_AFTER, HeaderValue::try_from(retry_after).expect("a value"))].into_iter().collect()
}

/// How many of these go at once.
async fn go_at_once(budget: &Budget, class: Class, tries: usize) -> usize {
    let mut went = 0;
    for _ in 0..tries {
        went += usize::from(budget.admit(class, HERE, soon()).await == Admission::Go);
    }
    went
}

#[tokio::test(start_paused = true)]
async fn without_a_limit_everything_goes() {
    assert_eq!(go_at_once(&Budget::new(None), Class::Run, 10_000).await, 10_000);
}

#[tokio::test(start_paused = true)]
async fn a_run_leaves_a_tenth_of_the_window_for_people() {
    let budget = budget(100);
    assert_eq!(go_at_once(&budget, Class::Run, 95).await, 90);
    assert_eq!(go_at_once(&budget, Class::Interactive, 15).await, 10);
}

#[tokio::test(start_paused = true)]
async fn the_window_slides() {
    let budget = budget(10);
    for _ in 0..10 {
        assert_eq!(budget.admit(Class::Interactive, HERE, soon()).await, Admission::Go);
        tokio::time::advance(Duration::from_secs(6)).await;
    }
    // The first one leaves the window just now, and then one in six seconds.
    let start = Instant::now();
    for _ in 0..5 {
        assert_eq!(budget.admit(Class::Interactive, HERE, soon()).await, Admission::Go);
    }
    assert_eq!(start.elapsed().as_secs(), 24);
}

#[tokio::test(start_paused = true)]
async fn a_long_wait_is_told_instead_of_waited_for() {
    let budget = budget(2);
    let start = Instant::now();
    go_at_once(&budget, Class::Interactive, 2).await;
    let Admission::Later(after) = budget.admit(Class::Interactive, HERE, soon()).await else {
        panic!("too many")
    };
    assert!(after > WINDOW - Duration::from_secs(1) && after <= WINDOW, "{after:?}");
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_beyond_the_deadline() {
    let budget = budget(2);
    budget.answered(HERE, 429, &told("5"));
    let start = Instant::now();
    let deadline = start + Duration::from_secs(3);
    assert_eq!(budget.admit(Class::Run, HERE, deadline).await, Admission::Later(Duration::from_secs(5)));
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn what_the_service_says_counts_for_all() {
    for (said, seconds) in [("3", 3), ("", 1), ("nonsense", 1)] {
        let budget = Budget::new(None);
        budget.answered(HERE, 429, &told(said));
        let start = Instant::now();
        assert_eq!(budget.admit(Class::Run, HERE, soon()).await, Admission::Go);
        assert_eq!(start.elapsed().as_secs(), seconds, "{said:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_one_origin_says_holds_nobody_back_from_another() {
    for budget in [Budget::new(None), Budget::new(Some(RateLimit { requests: 100, window: WINDOW }))] {
        let budget = Arc::new(budget);
        budget.answered(HERE, 429, &told("8"));
        let start = Instant::now();
        let held = tokio::spawn({
            let budget = Arc::clone(&budget);
            async move { budget.admit(Class::Run, HERE, soon()).await }
        });
        tokio::task::yield_now().await;
        // Behind it in the queue, but not to the same place.
        for class in [Class::Run, Class::Interactive, Class::Run] {
            assert_eq!(budget.admit(class, THERE, soon()).await, Admission::Go);
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert_eq!(held.await.expect("no panic"), Admission::Go);
        assert_eq!(start.elapsed().as_secs(), 8);
    }
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_already_pass_an_origin_that_is_paused_meanwhile() {
    let budget = Arc::new(Budget::new(Some(RateLimit { requests: 1, window: Duration::from_secs(2) })));
    budget.admit(Class::Run, HERE, soon()).await;
    let wait = |origin: &'static str| {
        let budget = Arc::clone(&budget);
        tokio::spawn(async move {
            let admission = budget.admit(Class::Run, origin, soon()).await;
            (admission, Instant::now())
        })
    };
    let start = Instant::now();
    let (held, passes) = (wait(HERE), wait(THERE));
    tokio::task::yield_now().await;
    budget.answered(HERE, 429, &told("9"));
    let (admission, at) = passes.await.expect("no panic");
    assert_eq!((admission, (at - start).as_secs()), (Admission::Go, 2));
    assert_eq!(held.await.expect("no panic").0, Admission::Go);
}

#[tokio::test(start_paused = true)]
async fn what_many_origins_said_is_not_kept_for_ever() {
    let budget = budget(10);
    for n in 0..1000 {
        budget.answered(&format!("https://{n}.example"), 429, &told("3600"));
    }
    assert_eq!(budget.state().origins.len(), ORIGINS);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_says_nothing_is_given_more_and_more_time() {
    let budget = Budget::new(None);
    let mut pauses = Vec::new();
    for status in [429, 429, 429, 200, 429] {
        budget.answered(HERE, status, &HeaderMap::new());
        let start = Instant::now();
        budget.admit(Class::Run, HERE, soon()).await;
        pauses.push(start.elapsed().as_secs());
    }
    assert_eq!(pauses, [1, 2, 4, 0, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_window_that_was_too_large_shrinks_and_grows_back() {
    let budget = budget(100);
    go_at_once(&budget, Class::Interactive, 50).await;
    budget.answered(HERE, 429, &told("0"));
    tokio::time::advance(WINDOW - Duration::from_secs(1)).await;
    assert_eq!(budget.state().most(RateLimit { requests: 100, window: WINDOW }, HERE, Instant::now()), 45);
    for more in [55, 65, 75, 85, 95, 100] {
        tokio::time::advance(WINDOW).await;
        assert_eq!(
            budget.state().most(RateLimit { requests: 100, window: WINDOW }, HERE, Instant::now()),
            more
        );
    }
}

#[tokio::test(start_paused = true)]
async fn people_do_not_queue_behind_a_long_run() {
    let budget = Arc::new(Budget::new(None));
    budget.answered(HERE, 429, &told("2"));
    let order = Arc::new(Mutex::new(Vec::new()));
    let spawn = |class: Class, name: String| {
        let (budget, order) = (Arc::clone(&budget), Arc::clone(&order));
        tokio::spawn(async move {
            assert_eq!(budget.admit(class, HERE, soon()).await, Admission::Go);
            order.lock().expect("order").push(name);
        })
    };
    let mut waiting: Vec<_> = (0..50).map(|number| spawn(Class::Run, format!("run {number}"))).collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    waiting.extend((0..3).map(|number| spawn(Class::Interactive, format!("form {number}"))));
    for waiting in waiting {
        waiting.await.expect("no panic");
    }
    let order = order.lock().expect("order").clone();
    let place = |name: &str| order.iter().position(|went| went == name).expect("it went");
    assert!(place("form 2") <= 6, "{order:?}");
    assert!(place("run 2") <= 6, "the run goes on, too: {order:?}");
    let runs: Vec<_> = order.iter().filter(|name| name.starts_with("run")).cloned().collect();
    assert_eq!(runs, (0..50).map(|number| format!("run {number}")).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn whoever_gives_up_leaves_the_queue() {
    let budget = Budget::new(None);
    budget.answered(HERE, 429, &told("4"));
    {
        let gone = budget.admit(Class::Run, HERE, soon());
        assert!(tokio::time::timeout(Duration::from_secs(1), gone).await.is_err());
    }
    assert!(budget.state().runs.is_empty());
    assert_eq!(budget.admit(Class::Run, HERE, soon()).await, Admission::Go);
}

#[test]
fn a_date_is_understood_and_one_that_is_over_is_no_wait() {
    assert_eq!(retry_after(&told("Sun, 06 Nov 1994 08:49:37 GMT")), Some(Duration::ZERO));
    let far = retry_after(&told("Tue, 01 Jan 2999 00:00:00 GMT")).expect("a wait");
    assert!(far > LONGEST_PAUSE);
    assert_eq!(retry_after(&HeaderMap::new()), None);
}

#[tokio::test(start_paused = true)]
async fn waits_at_the_same_time_count_once() {
    let waits = Waits::default();
    let (one, other) = (waits.begin(), waits.begin());
    tokio::time::advance(Duration::from_secs(2)).await;
    drop(one);
    tokio::time::advance(Duration::from_secs(1)).await;
    drop(other);
    tokio::time::advance(Duration::from_secs(5)).await;
    drop(waits.begin());
    assert_eq!(waits.total(), Duration::from_secs(3));
}
