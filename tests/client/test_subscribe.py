"""Subscriptions: made, watched, polled and deleted by calls of their own."""

import pytest

import i3x
from i3x.testing import Server

from .both import Make


def test_create_subscription_returns_its_id(client: i3x.Client, server: Server) -> None:
    subscription_id = client.create_subscription("Control room")
    assert subscription_id
    assert server.requests[-1].json == {"clientId": client.client_id, "displayName": "Control room"}


def test_create_subscription_without_a_name_sends_none(client: i3x.Client, server: Server) -> None:
    client.create_subscription()
    assert server.requests[-1].json == {"clientId": client.client_id}


def test_the_client_id_given_scopes_subscriptions(server: Server, connect: Make) -> None:
    subscription_id = connect(server.url, client_id="line-7").create_subscription()
    assert connect(server.url, client_id="line-7").get_subscription(subscription_id).client_id == "line-7"
    with pytest.raises(i3x.NotFoundError, match="another client_id"):
        connect(server.url).get_subscription(subscription_id)


@pytest.mark.parametrize("max_depth", [1, 2, 0])
def test_register_items_always_sends_max_depth(client: i3x.Client, server: Server, max_depth: int) -> None:
    subscription_id = client.create_subscription()
    client.register_items(subscription_id, ["pump-101"], max_depth)
    assert server.requests[-1].json == {
        "clientId": client.client_id,
        "subscriptionId": subscription_id,
        "elementIds": ["pump-101"],
        "maxDepth": max_depth,
    }


def test_register_items_without_a_depth_sends_one(client: i3x.Client, server: Server) -> None:
    client.register_items(client.create_subscription(), ["pump-101"])
    assert server.requests[-1].json["maxDepth"] == 1


def test_register_items_returns_one_item_for_each(client: i3x.Client) -> None:
    items = client.register_items(client.create_subscription(), ["sensor-001", "nothing", "sensor-001"])
    assert [item.success for item in items] == [True, False, True]
    assert items[1].element_id == "nothing"
    assert isinstance(items.errors["nothing"], i3x.NotFoundError)


def test_register_items_of_an_unknown_subscription(client: i3x.Client) -> None:
    with pytest.raises(i3x.NotFoundError, match="create a new subscription"):
        client.register_items("nothing", ["sensor-001"])


def test_unregister_items_returns_one_item_for_each(client: i3x.Client) -> None:
    subscription_id = client.create_subscription()
    client.register_items(subscription_id, ["sensor-001"])
    items = client.unregister_items(subscription_id, ["sensor-001", "sensor-002"])
    assert [item.success for item in items] == [True, False]
    assert client.get_subscription(subscription_id).monitored_objects == []


def test_get_subscription_shows_its_monitored_items(client: i3x.Client) -> None:
    subscription_id = client.create_subscription("Control room")
    client.register_items(subscription_id, ["pump-101"], 2)
    subscription = client.get_subscription(subscription_id)
    assert (subscription.subscription_id, subscription.display_name) == (subscription_id, "Control room")
    assert subscription.monitored_objects == [{"elementId": "pump-101", "maxDepth": 2}]


def test_list_subscriptions_keeps_the_order_and_names_the_unknown(client: i3x.Client) -> None:
    first, second = client.create_subscription(), client.create_subscription()
    subscriptions = client.list_subscriptions([second, "nothing", first])
    assert [entry.subscription_id for entry in subscriptions] == [second, first]
    assert list(subscriptions.errors) == ["nothing"]


def test_sync_returns_batches_until_they_are_acknowledged(client: i3x.Client, server: Server) -> None:
    subscription_id = client.create_subscription()
    client.register_items(subscription_id, ["sensor-001"])
    assert client.sync_subscription(subscription_id) == []
    assert "lastSequenceNumber" not in server.requests[-1].json
    server.set_value("sensor-001", 1.5)
    (batch,) = client.sync_subscription(subscription_id)
    assert client.sync_subscription(subscription_id) == [batch]
    (update,) = batch.updates
    assert (update.element_id, update.value, update.quality) == ("sensor-001", 1.5, "Good")
    assert client.sync_subscription(subscription_id, batch.sequence_number) == []
    assert server.requests[-1].json["lastSequenceNumber"] == batch.sequence_number


def test_sync_with_minus_one_clears_the_queue(client: i3x.Client, server: Server) -> None:
    subscription_id = client.create_subscription()
    client.register_items(subscription_id, ["sensor-001"])
    server.set_value("sensor-001", 1.5)
    assert client.sync_subscription(subscription_id, -1) == []
    assert server.requests[-1].json["lastSequenceNumber"] == -1


def test_sync_takes_a_subscription_too(client: i3x.Client) -> None:
    subscription = client.get_subscription(client.create_subscription())
    assert client.sync_subscription(subscription) == []


def test_sync_says_when_updates_were_dropped(connect: Make) -> None:
    with Server(queue_limit=2, tick=None) as server:
        client = connect(server.url)
        subscription_id = client.create_subscription()
        client.register_items(subscription_id, ["sensor-001"])
        for value in range(5):
            server.set_value("sensor-001", float(value))
        batches = client.sync_subscription(subscription_id)
        assert [update.value for batch in batches for update in batch.updates] == [3.0, 4.0]
        assert batches.partial is not None
        assert "3 updates were dropped" in batches.partial.detail


def test_sync_of_an_unknown_subscription(client: i3x.Client) -> None:
    with pytest.raises(i3x.NotFoundError, match="create a new subscription"):
        client.sync_subscription("nothing")


def test_unsubscribe_deletes(client: i3x.Client, server: Server) -> None:
    subscription_id = client.create_subscription()
    client.unsubscribe(subscription_id)
    assert server.requests[-1].json == {"clientId": client.client_id, "subscriptionIds": [subscription_id]}
    with pytest.raises(i3x.NotFoundError):
        client.get_subscription(subscription_id)


def test_unsubscribe_of_an_unknown_subscription(client: i3x.Client) -> None:
    with pytest.raises(i3x.NotFoundError, match="nothing"):
        client.unsubscribe("nothing")
