"""A row of each kind for every view that takes rows, for test_own_rows.py."""

from __future__ import annotations

from typing import Any

SERVICE = {"name": "Shave", "duration_minutes": 10, "price_minor": 1, "currency": "EUR"}
HIDDEN = {**SERVICE, "name": "Secret shave"}
HOURS = {"weekday": 1, "opens_at": "20:30:00", "closes_at": "21:00:00"}
DAY = {"starts_on": "2032-01-01", "ends_on": "2032-01-01"}
LIMIT = {"period": "year", "max_bookings": 900}
QUESTION = {"key": "shoe", "label": "Shoe size", "kind": "text"}
NEXT_YEAR = {"starts_at": "2032-01-01T00:00:00+00:00", "ends_at": "2033-01-01T00:00:00+00:00"}
BANNER = {"place": "business", "title": "Hello"}
CALM = {"key": "calm", "name": "Calm"}
LIST = {"name": "Members", "currency": "EUR"}
PROGRAM = {
    **{"name": "Points", "currency": "EUR"},
    **{"earn_points": 1, "earn_minor": 100, "redeem_points": 1, "redeem_minor": 1},
}
RULE = {"name": "Early", "change_bps": -100}
PROMOTION = {"name": "Spring", "kind": "percent", "percent_bps": 100}
PRODUCT = {"name": "Soap", "slug": "soap", "currency": "EUR", "is_published": True}
RETIRED = {"name": "Copper", "access": "copper", "is_active": False}
DEPOT = {"name": "Depot", "line1": "Way 1", "city": "Bonn", "country": "DE"}
VARIANT = {"sku": "SOAP-1", "price_minor": 1}
# Rows to insert, with what to change about them. The business is added, and values that are names
# of rows become their ids.
ROWS: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "addresses": (
        [
            {
                "recipient": "Ann",
                "line1": "Way 1",
                "city": "Bonn",
                "postal_code": "53111",
                "country": "DE",
            }
        ],
        {"city": "Köln"},
    ),
    "app_releases": (
        [{"platform": "web", "least_version": "1.0", "latest_version": "1.1"}],
        {"latest_version": "1.2"},
    ),
    "banners": (
        [BANNER, {**BANNER, **NEXT_YEAR}, {**BANNER, "business_id": None, "place": "home"}],
        {"title": "Bye"},
    ),
    "booking_limits": (
        [
            {"service_id": "salon_service", **LIMIT},
            {"service_id": "hidden_service", **LIMIT},
            {"resource_id": "salon_resource", **LIMIT},
            {"resource_id": "retired_resource", **LIMIT},
            LIMIT,
        ],
        {"max_bookings": 800},
    ),
    "booking_notes": ([{"booking_id": "booking", "body": "Prefers tea."}], {"body": "Coffee."}),
    "brands": ([{"name": "Fox", "slug": "fox"}], {"name": "Red fox"}),
    "bundle_items": (
        [
            {"bundle_variant_id": "variant", "variant_id": "hidden_variant"},
            {"bundle_variant_id": "hidden_variant", "variant_id": "variant"},
        ],
        {"quantity": 2},
    ),
    "cancellation_policies": ([{"name": "Kind"}], {"name": "Kinder"}),
    "cancellation_tiers": (
        [{"cancellation_policy_id": "salon_policy", "hours_before": 48, "fee_bps": 5}],
        {"fee_bps": 6},
    ),
    "closures": ([DAY], {"title": "New Year"}),
    "consent_purposes": ([{"key": "photos", "wording": "Photos."}], {"wording": "Pictures."}),
    "coupons": ([{"promotion_id": "promotion", "code": "SPRING"}], {"max_uses": 5}),
    "customer_group_members": ([{"customer_group_id": "group", "customer_id": "known"}], {}),
    "customer_groups": ([{"name": "Friends"}], {"name": "Good friends"}),
    "customer_note_permissions": ([{"kind": "general"}], {"read_permission": "manage"}),
    "customer_notes": (
        [
            {"customer_id": "known", "body": "Nuts.", "kind": "allergy"},
            {"customer_id": "known", "body": "Tea.", "kind": "preference"},
        ],
        {"body": "Milk."},
    ),
    "customer_tags": ([{"customer_id": "known", "tag": "VIP"}], {}),
    "delivery_options": (
        [
            {"name": "Post", "kind": "delivery", "currency": "EUR"},
            {"name": "Post", "kind": "pickup", "currency": "EUR", "store_id": "store"},
            {"name": "Post", "kind": "delivery", "currency": "EUR", "is_active": False},
        ],
        {"position": 3},
    ),
    "favorites": ([{}], {}),
    "feature_flags": ([{"key": "own-flag"}], {"description": "Of its own."}),
    "featured_businesses": (
        [{"ends_at": "2031-01-01T00:00:00+00:00"}, NEXT_YEAR],
        {"position": 3},
    ),
    "flag_prerequisites": (
        [{"flag_key": "own-first", "required_key": "own-second"}],
        {"must_be_on": False},
    ),
    "flag_segments": ([{"name": "Early birds"}], {"name": "Late birds"}),
    "flag_targets": ([{"flag_key": "own-first", "subject": "ann"}], {"is_denied": True}),
    "loyalty_multipliers": ([{"name": "Spring", "percent": 200}], {"percent": 300}),
    "loyalty_programs": ([PROGRAM, {**PROGRAM, "is_active": False}], {"earn_points": 2}),
    "markets": (
        [
            {"name": "Home", "currency": "EUR", "locale": "de"},
            {"name": "Home", "currency": "CHF", "locale": "de-CH", "regions": ["CH"]},
            {"name": "Home", "currency": "EUR", "locale": "de", "is_active": False},
        ],
        {"position": 3},
    ),
    "membership_plan_prices": (
        [
            {"plan_id": "plan", "currency": "EUR", "price_minor": 1},
            {"plan_id": "hidden_plan", "currency": "EUR", "price_minor": 1},
        ],
        {"price_minor": 2},
    ),
    "membership_plan_services": (
        [
            {"plan_id": "plan", "service_id": "salon_service"},
            {"plan_id": "hidden_plan", "service_id": "hidden_service"},
        ],
        {"credits": 2},
    ),
    "membership_plans": (
        [
            {"name": "Gold", "access": "gold"},
            {"id": "6f1e5c1a-94c3-4d55-8a0e-5f6f2f6c7a10", **RETIRED},
        ],
        {"rank": 3},
    ),
    "order_settings": ([{"return_days": 30}], {"return_days": 60}),
    "payment_ranges": (
        [{"provider": "stripe", "currency": "EUR"}, {"provider": "stripe", "currency": "USD"}],
        {"min_minor": 100},
    ),
    "payment_settings": (
        [{"prepayment_bps": 100}],
        {"prepayment_bps": 200, "accepts_platform_gift_cards": True},
    ),
    "price_list_items": (
        [
            {"price_list_id": "price_list", "service_id": "salon_service", "unit_minor": 1},
            {"price_list_id": "price_list", "service_id": "hidden_service", "unit_minor": 1},
            {"price_list_id": "price_list", "addon_id": "addon", "unit_minor": 1},
            {"price_list_id": "price_list", "variant_id": "variant", "unit_minor": 1},
        ],
        {"unit_minor": 2},
    ),
    "price_lists": (
        [
            LIST,
            {**LIST, "customer_group_id": "group"},
            {**LIST, "store_id": "store"},
        ],
        {"priority": 3},
    ),
    "price_rules": (
        [
            RULE,
            {**RULE, "service_id": "hidden_service"},
            {**RULE, "customer_group_id": "group"},
            {**RULE, "store_id": "store"},
            {"name": "Plus", "change_minor": 1, "currency": "EUR"},
        ],
        {"priority": 3},
    ),
    "product_attributes": (
        [
            {"key": "colour", "name": "Colour", "kind": "text"},
            {"key": "colour", "name": "Colour", "kind": "text", "category_id": "shelf"},
        ],
        {"position": 3},
    ),
    "product_categories": (
        [
            {"name": "Soap", "slug": "soap"},
            {"name": "Soap", "slug": "soap", "parent_id": "shelf"},
        ],
        {"position": 3},
    ),
    "product_listings": (
        [
            {"variant_id": "variant", "shared_product_id": "shared_product"},
            {"variant_id": "hidden_variant", "shared_product_id": "shared_product"},
        ],
        {},
    ),
    "product_options": (
        [
            {"product_id": "product", "name": "Size", "allowed_values": ["S", "M"]},
            {"product_id": "hidden_product", "name": "Size", "allowed_values": ["S", "M"]},
        ],
        {"position": 3},
    ),
    "product_translations": (
        [
            {"locale": "fr", "product_id": "product", "name": "Savon"},
            {"locale": "fr", "product_id": "hidden_product", "name": "Savon"},
            {"locale": "fr", "category_id": "shelf", "name": "Rayon"},
            {"locale": "fr", "attribute_id": "attribute", "name": "Parfum"},
            {"locale": "fr", "option_id": "option", "name": "Taille"},
        ],
        {"name": "Savonnette"},
    ),
    "product_variants": (
        [
            {"product_id": "product", **VARIANT},
            {"product_id": "hidden_product", **VARIANT, "is_active": False},
        ],
        {"price_minor": 2},
    ),
    "products": (
        [
            PRODUCT,
            {**PRODUCT, "category_id": "shelf", "brand_id": "brand"},
            {**PRODUCT, "is_published": False},
            {**PRODUCT, "access": "gold"},
            {**PRODUCT, "archived_at": "2026-01-01T00:00:00+00:00"},
        ],
        {"name": "Softer soap"},
    ),
    "promotions": (
        [
            PROMOTION,
            {**PROMOTION, "service_id": "hidden_service"},
            {**PROMOTION, "customer_group_id": "group"},
            {**PROMOTION, "store_id": "store"},
            {**PROMOTION, "product_id": "product"},
            {**PROMOTION, "variant_id": "variant"},
            {**PROMOTION, "product_category_id": "shelf"},
            {"name": "Minus", "kind": "fixed", "amount_minor": 1, "currency": "EUR"},
        ],
        {"priority": 3},
    ),
    "rating_aspects": (
        [
            {**CALM, "service_category_id": None, "product_category_id": None},
            {**CALM, "service_category_id": "category"},
            {**CALM, "product_category_id": "shelf"},
        ],
        {"name": "Quiet"},
    ),
    "resources": (
        [
            {"kind": "room", "name": "Cellar"},
            {"kind": "staff", "name": "Bo", "member_id": "salon_member", "is_active": False},
        ],
        {"name": "Attic"},
    ),
    "schedule_exceptions": ([DAY, {**DAY, "resource_id": "salon_resource"}], {"reason": "Snow"}),
    "search_synonyms": ([{"terms": ["sofa", "couch"]}], {"terms": ["sofa", "settee"]}),
    "service_addons": (
        [
            {"service_id": "salon_service", "name": "Wax", "price_minor": 1},
            {"service_id": "hidden_service", "name": "Wax", "price_minor": 1, "is_active": False},
        ],
        {"price_minor": 2},
    ),
    "service_categories": ([{"name": "Beards"}], {"position": 3}),
    "service_questions": (
        [
            {"service_id": "salon_service", **QUESTION},
            {"service_id": "hidden_service", **QUESTION, "is_active": False},
        ],
        {"label": "Size"},
    ),
    "service_resources": (
        [
            {"service_id": "salon_service", "resource_id": "retired_resource"},
            {"service_id": "hidden_service", "resource_id": "retired_resource"},
        ],
        {"priority": 3},
    ),
    "services": (
        [
            SERVICE,
            {**SERVICE, "category_id": "category", "cancellation_policy_id": "salon_policy"},
            {**SERVICE, "is_active": False},
            {**SERVICE, "access": "gold"},
            {**SERVICE, "visibility": "hidden"},
            {**SERVICE, "archived_at": "2026-01-01T00:00:00+00:00"},
        ],
        {"price_minor": 2},
    ),
    "shared_products": (
        [
            {"name": "Oil", "barcode": "4006381333931"},
            {"name": "Oil", "barcode": "4006381333931", "is_active": False},
        ],
        {"brand": "Olea"},
    ),
    "store_hours": (
        [{"store_id": "store", "weekday": 1, "opens_at": "09:00:00", "closes_at": "17:00:00"}],
        {"closes_at": "18:00:00"},
    ),
    "stores": ([{"name": "North"}], {"position": 3}),
    "supply_terms": ([{"variant_id": "variant"}], {"lead_days": 20}),
    "tax_numbers": (
        [
            {"country": "DE", "number": "DE136695976"},
            {"country": "DE", "number": "DE136695976", "customer_id": "known"},
        ],
        {"number": "DE129273398"},
    ),
    "tax_rules": (
        [
            {
                "country": "DE",
                "tax_class": "standard",
                "component": "vat",
                "rate_bps": 1900,
                "during": "[2032-01-01,2033-01-01)",
            }
        ],
        {"rate_bps": 1600},
    ),
    "tax_settings": (
        [
            {"prices_include_tax": False},
            {"prices_include_tax": False, "gift_card_tax_class": "reduced"},
        ],
        {"fees_are_taxed": False, "gift_card_tax_class": "standard"},
    ),
    "travel_zones": (
        [{**DAY, "resource_id": "salon_resource", "time_zone": "Asia/Tokyo"}],
        {"time_zone": "Asia/Seoul"},
    ),
    "wholesale_locations": (
        [
            {"wholesale_account_id": "company", **DEPOT},
            {"wholesale_account_id": "other_company", **DEPOT},
        ],
        {"city": "Köln"},
    ),
    "wholesale_packs": ([{"variant_id": "variant", "pack_size": 6}], {"pack_size": 12}),
    "wishlist_items": ([{"variant_id": "variant"}], {"wants_notice": True}),
    "working_hours": (
        [HOURS, {**HOURS, "resource_id": "salon_resource"}],
        {"opens_at": "20:45:00"},
    ),
}
# What whoever inserts a row may not do with it afterwards.
NEVER = {
    ("booking_notes", "PATCH"): "A note keeps its author: delete it and write another.",
    ("customer_group_members", "PATCH"): "Somebody is in a group or is not.",
    ("favorites", "PATCH"): "A business is a favorite or is not.",
    ("customer_tags", "PATCH"): "A customer has a tag or has not.",
    ("product_listings", "PATCH"): "A variant is a shared product or is not.",
}
# The views whose rows belong to no business.
SHARED = {
    "addresses",
    "app_releases",
    "feature_flags",
    "flag_prerequisites",
    "flag_segments",
    "flag_targets",
    "shared_products",
}
# The views that take rows from the platform's administrators.
OPERATED = {
    "app_releases",
    "banners",
    "feature_flags",
    "featured_businesses",
    "flag_prerequisites",
    "flag_segments",
    "flag_targets",
    "shared_products",
}
# The views whose rows refer to what others cannot see: others get not_found, as for no row at all.
UNSEEN = {"flag_prerequisites", "flag_targets", "tax_numbers", "wholesale_locations"}
# The columns that a worker writes a moment after the insert.
WORKED = {"tax_numbers": {"status", "checked_at"}}
