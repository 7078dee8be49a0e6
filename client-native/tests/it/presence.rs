use std::time::Duration;

use tidewire_client::{Crowd, Member, PresenceWatch, QuestionError, SubscribeOptions};
use tidewire_protocol::{Joined, Left, Occupancy, ServerFrame};
use tokio::time::timeout;

use crate::server::{ALIAS, Server};

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_page_is_read_by_where_the_one_before_ended() {
    let server = Server::start().await;
    server.has(vec![ada(1), ada(2), ada(3)]);
    let (client, lobby) = (server.client(), "chat:lobby".parse().unwrap());
    let first = client.presence(&lobby, None, 0).await.unwrap();
    assert_eq!((first.members, first.connections), (vec![ada(1), ada(2)], 3));
    let second = client.presence(&lobby, first.next, 0).await.unwrap();
    assert_eq!((second.members, second.next), (vec![ada(3)], None));
}

#[tokio::test]
async fn a_watch_knows_who_is_there_until_it_is_dropped() {
    let server = Server::start().await;
    server.has(vec![ada(1), ada(2), ada(3)]);
    let (client, lobby) = (server.client(), "chat:lobby".parse().unwrap());
    let _news = client.subscribe(&lobby, SubscribeOptions::default()).await.unwrap();
    let mut watch = client.watch_presence(&lobby).await.unwrap();
    assert_eq!(*watch.now(), Crowd::default());
    assert_eq!(knows(&mut watch, &[ada(1), ada(2), ada(3)]).await, (3, 1));

    let (alias, others, connections, users) = (ALIAS, vec![bob()], 5, 2);
    server.tells(ServerFrame::Joined(Joined { alias, member: ada(4), others, connections, users }));
    assert_eq!(knows(&mut watch, &[ada(1), ada(2), ada(3), ada(4), bob()]).await, (5, 2));
    let others = vec![ada(2), ada(3), ada(4)];
    server.tells(ServerFrame::Left(Left { alias, member: ada(1), others, connections: 1, users: 1 }));
    assert_eq!(knows(&mut watch, &[bob()]).await, (1, 1));

    let (connections, users, again_within_ms) = (5000, 4000, None);
    server.tells(ServerFrame::Occupancy(Occupancy { alias, connections, users, again_within_ms }));
    let counted = watch.wait_for(|crowd| crowd.members.is_none());
    assert_eq!(timeout(PATIENCE, counted).await.unwrap().unwrap().connections, 5000);

    assert!(server.is_watched());
    drop(watch);
    let unwatched = async {
        while server.is_watched() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, unwatched).await.unwrap();
}

#[tokio::test]
async fn after_a_lost_connection_nobody_is_known_until_it_is_told_anew() {
    let server = Server::start().await;
    server.has(vec![ada(1)]);
    let (client, lobby) = (server.client(), "chat:lobby".parse().unwrap());
    let _news = client.subscribe(&lobby, SubscribeOptions::default()).await.unwrap();
    let mut watch = client.watch_presence(&lobby).await.unwrap();
    knows(&mut watch, &[ada(1)]).await;
    server.has(vec![bob()]);
    server.cut();
    let lost = watch.wait_for(|crowd| crowd.members.is_none());
    timeout(PATIENCE, lost).await.unwrap().unwrap();
    knows(&mut watch, &[bob()]).await;

    client.close().await;
    let end = timeout(PATIENCE, watch.wait_for(|_| false)).await.unwrap();
    assert!(matches!(end, Err(QuestionError::Refused(_))), "{end:?}");
}

/// Waits until exactly these are known; answers how many connections and users that is said to be.
async fn knows(watch: &mut PresenceWatch, expected: &[Member]) -> (u64, u64) {
    let are_they =
        |crowd: &Crowd| crowd.members.as_ref().is_some_and(|members| members.values().eq(expected));
    let crowd = timeout(PATIENCE, watch.wait_for(are_they)).await.expect("they are never known").unwrap();
    (crowd.connections, crowd.users)
}

fn ada(number: u32) -> Member {
    Member { user: "ada".into(), info: None, connection: Some(format!("connection-{number}")) }
}

fn bob() -> Member {
    Member { user: "bob".into(), info: Some("\"blue\"".into()), connection: Some("connection-9".into()) }
}
