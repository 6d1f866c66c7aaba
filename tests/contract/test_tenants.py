"""Another tenant's rows cannot be read, counted, written or pointed at, in any view there is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.conftest import Town
from tests.contract.test_bad_input import ARGUMENTS, assert_refused, counts, good_arguments

OUTSIDERS = [None, "customer", "stranger", "owner", "manager", "staff", "accountant"]
TENANT_VIEWS = """
    select relname from pg_class
    inner join pg_attribute on attrelid = pg_class.oid and attname = 'business_id'
    where relnamespace = 'public'::regnamespace and relkind = 'v'
    order by relname
"""
# What only members may read of a business that is open to the public.
PRIVATE_VIEWS = {
    "admin_businesses",
    "allocations",
    "bank_accounts",
    "blocked_periods",
    "booking_history",
    "booking_items",
    "booking_notes",
    "booking_series",
    "bookings",
    "business_documents",
    "api_keys",
    "reports",
    "webhook_attempts",
    "webhook_deliveries",
    "webhook_endpoints",
    "business_history",
    "business_members",
    "calendar_feeds",
    "calendar_imports",
    "cart_items",
    "credits",
    "commissions",
    "customer_group_members",
    "customer_groups",
    "consents",
    "conversations",
    "customer_blocks",
    "customer_merges",
    "customer_note_permissions",
    "customer_notes",
    "customer_preferences",
    "business_kpis",
    "customer_churn",
    "customer_retention",
    "customer_stats",
    "customer_values",
    "value_models",
    "demand_forecasts",
    "reorder_points",
    "supply_terms",
    "unusual_days",
    "customer_tags",
    "customers",
    "favorites",
    "past_professionals",
    "disputes",
    "document_files",
    "documents",
    "gift_cards",
    "inventory_levels",
    "invitations",
    "ledger_balances",
    "marketing_consents",
    "allowances",
    "loyalty_balances",
    "loyalty_entries",
    "membership_charges",
    "membership_gifts",
    "membership_periods",
    "membership_price_changes",
    "memberships",
    "message_attachments",
    "message_reads",
    "messages",
    "notification_deliveries",
    "notification_templates",
    "notifications",
    "payment_links",
    "payment_parts",
    "privacy_requests",
    "private_links",
    "payout_accounts",
    "payout_items",
    "payouts",
    "preferred_resources",
    "preferred_services",
    "product_changes",
    "price_list_items",
    "order_changes",
    "order_items",
    "order_settings",
    "order_timeline",
    "orders",
    "price_lists",
    "price_rules",
    "promotions",
    "coupons",
    "coupon_redemptions",
    "sale_coupons",
    "sale_line_discounts",
    "referrals",
    "refund_lines",
    "return_items",
    "return_replacements",
    "returns",
    "review_history",
    "review_reports",
    "review_versions",
    "search_synonyms",
    "refunds",
    "sale_line_taxes",
    "sale_terms",
    "sale_lines",
    "sale_revisions",
    "sale_taxes",
    "sales",
    "schedule_exceptions",
    "tax_numbers",
    "travel_zones",
    "seats",
    "shipment_items",
    "shipments",
    "stock_movements",
    "stock_reservations",
    "stock_transfers",
    "waitlist_entries",
    "wholesale_accounts",
    "wholesale_buyers",
    "wholesale_documents",
    "wholesale_history",
    "wholesale_locations",
    "wholesale_order_requests",
    "wholesale_orders",
    "wholesale_packs",
    "lot_sales",
    "stock_costs",
    "stock_lots",
    "wishlist_items",
}
# What somebody did themselves or reads of their own businesses: the operator did nothing.
CALLERS_VIEWS = {"business_kpis", "customer_retention", "past_professionals"}
FINGERPRINT = """
    select string_agg(format(
        '(select md5(coalesce(string_agg(t::text, '''' order by t::text), '''')) from %I.%I as t'
        ' where business_id = %L)', nspname, relname, $1::text), '||')
    from pg_class
    inner join pg_namespace on pg_namespace.oid = relnamespace
    inner join pg_attribute on attrelid = pg_class.oid and attname = 'business_id'
    where relkind = 'r' and nspname in
        ('business', 'catalog', 'commerce', 'customers', 'engagement', 'files', 'loyalty',
         'pricing', 'sales', 'scheduling')
    -- workers write these
    and relname not in ('guest_codes', 'notification_deliveries', 'notifications', 'reminders')
"""


def views(town: Town) -> list[str]:
    """Every view whose rows belong to a business."""
    return [str(name) for (name,) in town.run(TENANT_VIEWS)]


def fingerprint(town: Town) -> str:
    """All that the secret business has."""
    ((query,),) = town.run(FINGERPRINT.replace("$1", f"'{town.ids['secret']}'"))
    return str(town.run(f"select {query}")[0][0])


def test_the_secret_business_has_something_in_every_view(town: Town) -> None:
    with town.client(None, apikey=town.stack.endpoints.service_role_key) as server:
        empty = [
            view
            for view in views(town)
            if view not in CALLERS_VIEWS
            and not server.get(f"/{view}?business_id=eq.{town.ids['secret']}").json()
        ]
    assert empty == [], "write a row of each in secret.sql"


@pytest.mark.parametrize("person", OUTSIDERS)
def test_nobody_outside_reads_or_counts_it(town: Town, person: str | None) -> None:
    secret = town.ids["secret"]
    with town.client(person, Prefer="count=exact") as client:
        assert client.get(f"/businesses?id=eq.{secret}").json() == []
        for view in views(town):
            response = client.get(f"/{view}?business_id=eq.{secret}")
            if response.is_success:
                assert response.json() == [], view
                assert response.headers["Content-Range"].endswith("/0"), view
            else:
                assert response.status_code in (401, 403), f"{view}: {response.text}"
            everything = client.get(f"/{view}?select=business_id&limit=1000")
            if everything.is_success:
                assert secret not in everything.text, view
            embedded = client.get(f"/{view}?select=businesses!inner(id)&businesses.id=eq.{secret}")
            assert embedded.status_code < 500 and secret not in embedded.text, view


@pytest.mark.parametrize("person", [None, "stranger", "other_owner"])
def test_the_public_does_not_see_data_of_members(town: Town, person: str | None) -> None:
    salon = town.ids["salon"]
    with town.client(person) as client:
        for view in views(town):
            response = client.get(f"/{view}?business_id=eq.{salon}&limit=5")
            if view in PRIVATE_VIEWS:
                seen = response.json() if response.is_success else []
                assert seen == [], f"{view}: {seen}"


def test_customers_see_their_booking_and_never_the_notes_on_it(town: Town) -> None:
    with town.client("customer") as client:
        (booking,) = client.get(
            f"/bookings?id=eq.{town.ids['booking']}&select=*,booking_items(*),booking_history(*)"
        ).json()
        assert booking["booking_items"] and booking["booking_history"]
        assert client.get("/booking_notes").json() == []
        assert "almonds" not in client.get("/bookings?select=*,booking_notes(*)").text
    with town.client("staff") as client:
        assert "almonds" in client.get("/booking_notes").text
    with town.client("accountant") as client:
        assert client.get("/booking_notes").json() == []


@pytest.mark.parametrize("person", OUTSIDERS)
def test_nobody_outside_writes_a_businesss_rows(town: Town, person: str | None) -> None:
    secret, before = town.ids["secret"], fingerprint(town)
    with town.client(person, Prefer="return=representation") as client:
        for view in views(town):
            for method, path, body in (
                ("POST", f"/{view}", {"business_id": secret}),
                ("PATCH", f"/{view}?business_id=eq.{secret}", {"business_id": town.ids["salon"]}),
                ("DELETE", f"/{view}?business_id=eq.{secret}", None),
            ):
                response = client.request(method, path, json=body)
                if response.is_success:
                    assert response.json() == [], f"{method} {view}: {response.text}"
                else:
                    assert response.status_code < 500, f"{method} {view}: {response.text}"
        for view, row in (
            (
                "services",
                {
                    "id": town.ids["secret_service"],
                    "name": "Mine",
                    "duration_minutes": 5,
                    "price_minor": 1,
                    "currency": "EUR",
                },
            ),
            ("resources", {"id": town.ids["secret_resource"], "kind": "staff", "name": "Mine"}),
        ):
            for owner in (secret, town.ids["salon"]):
                response = client.post(
                    f"/{view}",
                    json={**row, "business_id": owner},
                    headers={"Prefer": "resolution=merge-duplicates"},
                )
                assert 400 <= response.status_code < 500, f"upsert {view}: {response.text}"
    assert fingerprint(town) == before


@pytest.mark.parametrize(
    ("view", "row"),
    [
        ("service_resources", {"service_id": "salon_service", "resource_id": "secret_resource"}),
        ("service_addons", {"service_id": "secret_service", "name": "A", "price_minor": 1}),
        (
            "working_hours",
            {
                "resource_id": "secret_resource",
                "weekday": 1,
                "opens_at": "06:00",
                "closes_at": "07:00",
            },
        ),
        (
            "services",
            {
                "cancellation_policy_id": "secret_policy",
                "name": "A",
                "duration_minutes": 5,
                "price_minor": 1,
                "currency": "EUR",
            },
        ),
        (
            "service_questions",
            {"service_id": "secret_service", "key": "a", "label": "A", "kind": "text"},
        ),
        (
            "cancellation_tiers",
            {"cancellation_policy_id": "secret_policy", "hours_before": 1, "fee_bps": 1},
        ),
        ("resources", {"member_id": "secret_member", "kind": "staff", "name": "A"}),
    ],
)
def test_rows_cannot_point_at_another_tenants(town: Town, view: str, row: dict[str, Any]) -> None:
    values = {
        name: town.ids[str(value)] if name.endswith("_id") else value for name, value in row.items()
    }
    with town.client("owner") as client:
        response = client.post(f"/{view}", json={"business_id": town.ids["salon"], **values})
    assert_refused(response, view)
    assert response.json()["details"] == "not_found"


def test_no_function_does_anything_for_another_tenants_ids(town: Town) -> None:
    theirs = {
        "business_id": town.ids["secret"],
        "service_id": town.ids["secret_service"],
        "resource_id": town.ids["secret_resource"],
        "member_id": town.ids["secret_member"],
        "booking_id": str(
            town.run(
                "select id from scheduling.bookings where business_id = %s", town.ids["secret"]
            )[0][0]
        ),
        "items": [{"service_id": town.ids["secret_service"]}],
    }
    before, rows = fingerprint(town), counts(town)
    good = good_arguments(town)
    with town.client("owner") as client:
        for function, names, _types in town.run(ARGUMENTS):
            arguments = [str(name) for name in names]  # type: ignore[attr-defined]
            fixed = {name: good[name] for name in arguments if name in good}
            for name in set(arguments) & set(theirs):
                response = client.post(f"/rpc/{function}", json={**fixed, name: theirs[name]})
                what = f"{function}({name})"
                if name == "resource_id" and function in ("available_slots", "date_availability"):
                    free = [row for row in response.json() if row.get("is_free") is not False]
                    assert free == [], "nobody of another tenant gives this service"
                    continue
                if what == "nearest_stores(business_id)":
                    assert response.json() == [], "no store of a business that nobody sees"
                    continue
                if what == "is_member(business_id)":
                    assert response.json() is False, "a stranger is no member"
                    continue
                assert_refused(response, what)
                assert response.json()["details"] in {
                    "not_found",
                    "forbidden",
                    "not_eligible",
                    "code_invalid",
                    "invalid_transition",
                    "invalid_input",
                    "rate_limited",
                }, f"{what}: {response.text}"
    assert (fingerprint(town), counts(town)) == (before, rows)
