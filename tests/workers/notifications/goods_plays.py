"""What happens to stock, wishlists, points and wholesale accounts, for test_catalogue.py."""

from __future__ import annotations

AS = "select tests.act_as('{}'); select {};"
GOODS = """
    select tests.named(called) from unnest('{Mitte,Oil,account}'::text[]) as called;
    insert into business.stores (id, business_id, name)
    values (tests.id('Mitte'), tests.id('Salon'), 'Mitte');
    insert into catalog.products (id, business_id, name, slug, currency, is_published)
    values (tests.id('Oil'), tests.id('Salon'), 'Oil', 'oil', 'EUR', true);
    insert into catalog.product_variants (id, business_id, product_id, sku, price_minor)
    values (tests.id('Oil'), tests.id('Salon'), tests.id('Oil'), 'OIL', 900);
"""
RECEIVE = AS.format(
    "owner",
    "public.adjust_stock(tests.id('Mitte')::text, tests.id('Oil')::text, '5', 'received')",
)
COMPANY = (
    "select tests.act_as('customer');"
    "select public.request_wholesale(tests.id('Salon')::text, 'Trade', 'DE', 'DE136695976');"
)
DECIDE = "public.decide_wholesale((select id::text from public.wholesale_accounts), {})"
PROPOSED = GOODS + (
    "insert into identity.platform_staff (user_id, role) values (tests.id('ben'), 'support');"
    "insert into flags.flags (key, is_enabled, rules)"
    " values ('product_approval', true, '[{\"percentage\": 100}]');"
    "select tests.act_as('owner'); select public.propose_product_change("
    "tests.id('Oil')::text, '[{\"name\": \"Snake oil\"}]', 'A better name');"
)
CHANGE = "(select id::text from public.product_changes)"
ASKED = (
    GOODS
    + RECEIVE
    + COMPANY
    + AS.format("owner", DECIDE.format("'approved'"))
    + """
    select tests.act_as_owner();
    update auth.users set email = 'ben@example.com', email_confirmed_at = now()
    where id = tests.id('ben');
    select tests.act_as('customer');
    select public.invite_buyer(id::text, 'ben@example.com', 'buyer') from public.wholesale_accounts;
    select tests.act_as('ben');
    select public.accept_buyer_invitation(id::text) from public.wholesale_buyers
    where email = 'ben@example.com';
    select public.request_wholesale_order(jsonb_build_array(jsonb_build_object(
        'variant_id', tests.id('Oil'), 'quantity', 1))::text, store_id => tests.id('Mitte')::text);
"""
)
REQUEST = "(select id::text from public.wholesale_order_requests)"
# Each begins in the town of test_catalogue.py.
GOODS_PLAYS = {
    "day.unusual": "select tests.act_as_owner();"
    "insert into insight.days (business_id, day, subject, subject_id, currency, completed)"
    " select tests.id('Salon'), date '2031-04-30' - 7 * ago, 'business', '', 'EUR',"
    " case ago when 0 then 2 else 10 end from generate_series(0, 12) as ago;"
    "insert into insight.kept_days (business_id, day)"
    " select tests.id('Salon'), date '2031-04-30' - 7 * ago from generate_series(0, 12) as ago;"
    "select insight.announce_unusual_days();",
    "stock.low": GOODS
    + RECEIVE
    + AS.format(
        "owner",
        "public.set_stock_limits(tests.id('Mitte')::text, tests.id('Oil')::text, '0', '5')",
    ),
    "wishlist.in_stock": GOODS + "select tests.act_as('customer');"
    "insert into public.wishlist_items (business_id, variant_id, wants_notice)"
    " values (tests.id('Salon'), tests.id('Oil'), true);" + RECEIVE,
    "points.expiring": "select tests.act_as_owner(); insert into loyalty.programs (business_id,"
    " name, currency, earn_points, earn_minor, redeem_points, redeem_minor, expires_after_days)"
    " values (tests.id('Salon'), 'Points', 'EUR', 1, 100, 1, 1, 10);"
    " insert into customers.customers (business_id, user_id)"
    " values (tests.id('Salon'), tests.id('customer')) on conflict do nothing;"
    " select loyalty.adjust(business_id, id, 100, 'A present') from customers.customers"
    " where user_id = tests.id('customer'); select loyalty.tell_of_expiring(10);",
    "wholesale.requested": COMPANY,
    "wholesale.approved": COMPANY + AS.format("owner", DECIDE.format("'approved'")),
    "wholesale.rejected": COMPANY + AS.format("owner", DECIDE.format("'rejected', 'No papers'")),
    "wholesale.suspended": COMPANY
    + AS.format("owner", DECIDE.format("'approved'"))
    + AS.format("owner", DECIDE.format("'suspended', 'Unpaid'")),
    "wholesale.overdue": GOODS
    + RECEIVE
    + COMPANY
    + AS.format(
        "owner",
        "public.set_wholesale_terms((select id::text from public.wholesale_accounts), null, '30',"
        " '9000')",
    )
    + AS.format("owner", DECIDE.format("'approved'"))
    + AS.format(
        "customer",
        "public.checkout('a key', store_id => tests.id('Mitte')::text, items => jsonb_build_array("
        "jsonb_build_object('variant_id', tests.id('Oil'), 'quantity', 1))::text)",
    ),
    "product_change.pending": PROPOSED,
    "product_change.approved": PROPOSED
    + AS.format("ben", f"public.approve_product_change({CHANGE})"),
    "product_change.rejected": PROPOSED
    + AS.format("ben", f"public.reject_product_change({CHANGE}, 'Not true')"),
    "order_request.requested": ASKED,
    "order_request.approved": ASKED
    + AS.format("customer", f"public.decide_wholesale_order({REQUEST}, 'approved')"),
    "order_request.rejected": ASKED
    + AS.format("customer", f"public.decide_wholesale_order({REQUEST}, 'rejected', 'No')"),
}
