use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::JoinSet;

use super::*;

/// Finds every name at once but those that begin with `never`, and counts.
#[derive(Debug, Default)]
struct Counting {
    asked: AtomicUsize,
    under_way: AtomicUsize,
}

impl Resolver for Counting {
    fn resolve(&self, name: &str) -> Resolving {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if name.starts_with("never") {
            self.under_way.fetch_add(1, Ordering::Relaxed);
            return Box::pin(std::future::pending());
        }
        let found = if name == "wrong.example" {
            Err(io::Error::other("no such name"))
        } else {
            Ok(vec![IpAddr::from([192, 0, 2, 1])])
        };
        Box::pin(async { found })
    }
}

fn counting() -> (Arc<Counting>, Arc<Lookups>) {
    let resolver = Arc::new(Counting::default());
    let lookups = Lookups::new(Some(Arc::clone(&resolver) as Arc<dyn Resolver>));
    (resolver, Arc::new(lookups))
}

fn begin(names: &Names, name: String, waiting: &mut JoinSet<()>) {
    let names = names.clone();
    waiting.spawn(async move {
        let _ = names.resolve(&name).await;
    });
}

/// Lets every task get as far as it can.
async fn settle() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn many_that_ask_for_one_name_share_a_lookup_and_its_answer_for_a_moment() {
    let (resolver, lookups) = counting();
    let names = Names::new(lookups);
    let mut asking = JoinSet::new();
    (0..32).for_each(|_| begin(&names, "api.example".to_owned(), &mut asking));
    asking.join_all().await;
    assert_eq!(resolver.asked.load(Ordering::Relaxed), 1);
    tokio::time::advance(REMEMBERED - Duration::from_millis(1)).await;
    names.resolve("api.example").await.expect("found");
    assert_eq!(resolver.asked.load(Ordering::Relaxed), 1);
    tokio::time::advance(Duration::from_millis(1)).await;
    names.resolve("api.example").await.expect("found");
    assert_eq!(resolver.asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_name_that_does_not_exist_fails_with_the_reason() {
    let names = Names::new(counting().1);
    let failure = names.resolve("wrong.example").await.expect_err("no address");
    assert!(failure.to_string().contains("no such name"), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn names_that_are_never_answered_take_a_few_lookups_and_leave_the_neighbours_theirs() {
    let (resolver, lookups) = counting();
    let mut waiting = JoinSet::new();
    let greedy = Names::new(Arc::clone(&lookups));
    (0..100).for_each(|n| begin(&greedy, format!("never-{n}.example"), &mut waiting));
    settle().await;
    assert_eq!(resolver.under_way.load(Ordering::Relaxed), LOOKUPS_OF_ONE);
    // Those who asked have gone, and their lookups have not.
    waiting.shutdown().await;
    let neighbour = Names::new(Arc::clone(&lookups));
    neighbour.resolve("api.example").await.expect("at once");

    for _ in 0..100 {
        let names = Names::new(Arc::clone(&lookups));
        (0..32).for_each(|n| begin(&names, format!("never-{n}.example"), &mut waiting));
    }
    settle().await;
    assert_eq!(resolver.under_way.load(Ordering::Relaxed), LOOKUPS, "of the whole host");
    let began = Instant::now();
    let failure = neighbour.resolve("other.example").await.expect_err("no place");
    assert!(failure.to_string().contains("too many names"), "{failure}");
    assert_eq!(began.elapsed(), PATIENCE);
}

#[tokio::test(start_paused = true)]
async fn a_connection_asks_for_a_bounded_number_of_names() {
    let (_, lookups) = counting();
    let names = Names::new(lookups);
    let mut waiting = JoinSet::new();
    (0..NAMES).for_each(|n| begin(&names, format!("never-{n}.example"), &mut waiting));
    settle().await;
    let failure = names.resolve("one-more.example").await.expect_err("too many");
    assert!(failure.to_string().contains("other names"), "{failure}");
}
