//! The README keeps its word.

use halo_sim::Quirk;

const README: &str = include_str!("../../README.md");

#[test]
fn every_quirk_stands_in_the_readme_with_its_help() {
    for quirk in Quirk::CATALOGUE {
        let name = match quirk.value {
            "" => quirk.name.to_owned(),
            value => format!("{}={value}", quirk.name),
        };
        let row = format!("| `{name}` | {} |", quirk.help);
        assert!(README.contains(&row), "missing: {row}");
    }
}

#[tokio::test]
async fn the_credentials_of_the_readme_are_good() -> anyhow::Result<()> {
    let client = crate::client::start(&[]).await?;
    assert!(README.contains(client.sim.client_id()));
    assert!(README.contains(client.sim.client_secret()));
    Ok(())
}
