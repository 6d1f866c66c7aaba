"""The same call again has the same answer, for every function that takes a step.

A function that makes something new is on a list, with what keeps a repetition apart.
"""

from __future__ import annotations

import psycopg
import pytest

from tests.harness.database import Database

VOLATILE = """
    select proname from pg_proc
    where
        pronamespace = 'public'::regnamespace
        and provolatile = 'v'
        and prorettype <> 'trigger'::regtype
"""
TOWN = """
    select tests.at('2031-05-01 08:00Z');
    select tests.person(person.name)
    from unnest(array['owner', 'customer', 'guest', 'admin', 'novice']) as person (name);
    insert into identity.platform_staff (user_id, role) values (tests.id('admin'), 'admin');
    select tests.business('Salon', 'owner');
    select tests.resource('Ann', 'Salon'), tests.resource('Ben', 'Salon'), tests.hours('Salon');
    select tests.service('Cut', 'Salon'), tests.takes('Cut', 'Ann'), tests.takes('Cut', 'Ben');
    select tests.service('Talk', 'Salon'), tests.takes('Talk', 'Ann');
    update catalog.services set requires_confirmation = true where id = tests.id('Talk');
    create function tests.booking() returns text language sql security definer as $$
        select id::text from scheduling.bookings order by created_at desc, starts_at limit 1
    $$;
    create function tests.any_id(relation regclass) returns text
    language plpgsql security definer as $$
    declare v_id text;
    begin
        execute format('select id::text from %s limit 1', relation) into v_id;
        return v_id;
    end;
    $$;
    create function tests.code() returns text language sql security definer as $$
        select message -> 'kwargs' -> 'payload' ->> 'code' from pgmq.q_mail
        order by msg_id desc limit 1
    $$;
    create function tests.reference() returns text language sql security definer as $$
        select reference from scheduling.bookings order by created_at desc limit 1
    $$;
    create function tests.sale() returns text language sql security definer as $$
        select sale_id::text from scheduling.bookings order by created_at desc limit 1
    $$;
    create function tests.loft() returns text language sql security definer as $$
        select id::text from business.businesses where slug = 'loft'
    $$;
    create table tests.kept (token text);
    grant all on tests.kept to anon, authenticated;
    grant execute on all functions in schema tests to anon, authenticated;
"""
BOOK = """
    select tests.act_as('customer');
    select public.book(tests.id('Cut')::text, '2031-05-05T09:00Z')
"""
HOLD = BOOK.replace("Z')", "Z', hold => 'true')")
ASK = BOOK.replace("'Cut'", "'Talk'")
TWO = """
    select tests.act_as('customer'); select public.book_many(
        tests.id('Salon')::text,
        json_build_array(json_build_object('service_id', tests.id('Cut')),
            json_build_object('service_id', tests.id('Cut')))::text,
        '2031-05-05T09:00Z')
"""
SERIES = """
    select tests.act_as('customer');
    select public.book_series(tests.id('Cut')::text, '2031-05-05T09:00Z', 'FREQ=DAILY;COUNT=2')
"""
GUEST = """
    select tests.act_as_anon(); select public.request_guest_booking(
        tests.id('Cut')::text, '2031-05-05T09:00Z', 'Gus', 'guest@example.com')
"""
GUEST_BOOKED = f"""
    {GUEST}; select public.confirm_guest_booking(tests.reference(), tests.code());
    select public.request_guest_code(tests.reference(), 'guest@example.com')
"""
BEGUN = f"{BOOK}; select tests.at('2031-05-05 09:05Z')"
ANN_IS_OWNER = """
    update catalog.resources set member_id = tests.any_id('business.business_members')::uuid
    where id = tests.id('Ann')
"""
DRAFT = """
    select tests.act_as('owner');
    select public.create_business('Loft', 'salon', 'DE', 'UTC', 'EUR', 'loft')
"""
SUBMITTED = f"{DRAFT}; select public.submit_business(tests.loft())"
APPROVED = f"""
    {SUBMITTED}; select tests.act_as('admin'); select public.approve_business(tests.loft())
"""
SUSPENDED = f"{APPROVED}; select public.suspend_business(tests.loft(), 'Dust')"
INVITED = """
    select tests.act_as('owner'); insert into tests.kept
    select token from public.invite_member(tests.id('Salon')::text, 'novice@example.com', 'staff')
"""
MEMBER = "select tests.member('novice', 'Salon', 'staff')"
MEMBER_ID = "(select id::text from public.business_members where user_id = tests.id('novice'))"
FULL = """
    select tests.act_as('customer');
    select public.book(tests.id('Cut')::text, '2031-05-05T09:00Z', name::text)
    from unnest(array[tests.id('Ann'), tests.id('Ben')]) as name
"""
JOIN = "public.join_waitlist(tests.id('Cut')::text, '2031-05-05T09:00Z', '2031-05-05T09:15Z')"
WAITING = f"{FULL}; select tests.act_as('novice'); select {JOIN}"
OFFERED = f"""
    {WAITING}; select tests.act_as('customer'); select public.cancel_booking(tests.booking())
"""
PAYING = f"""
    {BOOK}; select public.start_payment('sandbox', sale_id => tests.sale())
"""
AUTHORIZED = f"""
    {PAYING}; select tests.act_as_owner(); update money.payments set status = 'authorized'
"""
CARD = """
    select tests.act_as_owner(); insert into money.payment_methods
    (id, user_id, provider, provider_reference, brand, last4) values
    (tests.named('Card'), tests.id('customer'), 'sandbox', 'card_1', 'Visa', '4242')
"""
COMPANY = """
    select tests.act_as('customer');
    select public.request_wholesale(tests.id('Salon')::text, 'Trade', 'DE', 'DE136695976')
"""
GUARANTEED = f"""
    {BOOK}; {CARD};
    insert into money.guarantees (business_id, sale_id, method_id)
    select bookings.business_id, bookings.sale_id, tests.id('Card') from scheduling.bookings;
    select tests.act_as('owner'); select public.charge_fee(tests.sale(), 'Late', '500')
"""
SHELF = """
    insert into business.stores (id, business_id, name)
    values (tests.named('Store'), tests.id('Salon'), 'Store');
    insert into catalog.products (id, business_id, name, slug, currency, is_published)
    values (tests.named('Oil'), tests.id('Salon'), 'Oil', 'oil', 'EUR', true);
    insert into catalog.product_variants (id, business_id, product_id, sku, options, price_minor)
    values (tests.named('Bottle'), tests.id('Salon'), tests.id('Oil'), 'OIL', '{}', 900)
"""
LOT = f"""
    {SHELF};
    select tests.act_as('owner');
    select public.adjust_stock(
        tests.id('Store')::text, tests.id('Bottle')::text, '5', 'received', lot_code => 'A')
"""
TERMS = """
    insert into catalog.terms (slug) values ('rules');
    insert into catalog.terms_versions (slug, version, published_at)
    values ('rules', 1, '2031-04-01Z')
"""
SAVE = "save_page('about', 'en', 'About us', 'We cut.', tests.id('Salon')::text)"
PAGE_SHOWN = f"""
    select tests.act_as('owner'); select public.publish_page((public.{SAVE})::text)
"""
PROMOTION = """
    insert into identity.platform_staff (user_id, role) values (tests.id('novice'), 'finance');
    insert into pricing.promotions (id, business_id, name, kind, percent_bps)
    values (tests.named('Spring'), tests.id('Salon'), 'Spring', 'percent', 1000)
"""
ENTRY = "tests.any_id('scheduling.waitlist_entries')"
SALON = "tests.id('Salon')::text"
REVIEW = "tests.any_id('reviews.reviews')"
REVIEWED = f"""
    {BOOK}; select tests.at('2031-05-06 09:00Z');
    select public.review_booking(tests.booking(), '4', 'Good.')
"""

# What happens before, who calls, and the call.
STEPS: dict[str, tuple[str, str, str]] = {
    "accept_invitation": (INVITED, "novice", "accept_invitation((select token from tests.kept))"),
    "accept_terms": (TERMS, "customer", "accept_terms('rules', '1')"),
    "accept_waitlist_offer": (OFFERED, "novice", f"accept_waitlist_offer({ENTRY})"),
    "approve_business": (SUBMITTED, "admin", "approve_business(tests.loft())"),
    "cancel_booking": (BOOK, "customer", "cancel_booking(tests.booking(), 'Ill')"),
    "cancel_booking_item": (
        TWO,
        "customer",
        "cancel_booking_item(tests.booking(), (select id::text from scheduling.booking_items"
        " order by position limit 1))",
    ),
    "cancel_guest_booking": (
        GUEST_BOOKED,
        "anon",
        "cancel_guest_booking(tests.reference(), tests.code(), 'Ill')",
    ),
    "cancel_payment": (PAYING, "customer", "cancel_payment(tests.any_id('money.payments'))"),
    "cancel_series": (
        SERIES,
        "customer",
        "cancel_series(tests.any_id('scheduling.booking_series'))",
    ),
    "capture_payment": (AUTHORIZED, "owner", "capture_payment(tests.any_id('money.payments'))"),
    "check_in_booking": (BEGUN, "owner", "check_in_booking(tests.booking())"),
    "complete_booking": (BEGUN, "owner", "complete_booking(tests.booking())"),
    "confirm_booking": (HOLD, "customer", "confirm_booking(tests.booking())"),
    "confirm_guest_booking": (
        GUEST,
        "anon",
        "confirm_guest_booking(tests.reference(), tests.code())",
    ),
    "erase_person": ("select 1", "admin", "erase_person(tests.id('novice')::text)"),
    "export_person": ("select 1", "customer", "export_person()"),
    "forget_device": (
        "select tests.act_as('customer'); select public.register_device('t', 'ios')",
        "customer",
        "forget_device('t')",
    ),
    "gift_card_balance": ("select 1", "anon", "gift_card_balance('0000-0000-0000-0000')"),
    "guarantee_sale": (
        f"{BOOK}; {CARD}",
        "customer",
        "guarantee_sale(tests.sale(), tests.id('Card')::text)",
    ),
    "issue_document": (BOOK, "customer", "issue_document(tests.sale())"),
    "join_waitlist": (FULL, "novice", JOIN.removeprefix("public.")),
    "leave_waitlist": (WAITING, "novice", f"leave_waitlist({ENTRY})"),
    "mark_arrived": (f"{ANN_IS_OWNER}; {BEGUN}", "owner", "mark_arrived(tests.booking())"),
    "mark_no_show": (BEGUN, "owner", "mark_no_show(tests.booking())"),
    "reassign_booking": (BOOK, "owner", "reassign_booking(tests.booking(), tests.id('Ben')::text)"),
    "register_device": ("select 1", "customer", "register_device('t', 'ios')"),
    "reinstate_business": (SUSPENDED, "admin", "reinstate_business(tests.loft())"),
    "reject_booking": (ASK, "owner", "reject_booking(tests.booking(), 'Full')"),
    "reject_business": (SUBMITTED, "admin", "reject_business(tests.loft(), 'Dust')"),
    "remove_payment_method": (CARD, "customer", "remove_payment_method(tests.id('Card')::text)"),
    "require_terms": (TERMS, "admin", "require_terms('rules', 'true')"),
    "reschedule_booking": (
        BOOK,
        "customer",
        "reschedule_booking(tests.booking(), '2031-05-05T12:00Z')",
    ),
    "reschedule_guest_booking": (
        GUEST_BOOKED,
        "anon",
        "reschedule_guest_booking(tests.reference(), tests.code(), '2031-05-05T12:00Z')",
    ),
    "reschedule_series": (
        SERIES,
        "customer",
        "reschedule_series(tests.any_id('scheduling.booking_series'), '2031-05-05T12:00Z')",
    ),
    "revoke_invitation": (
        INVITED,
        "owner",
        "revoke_invitation(tests.any_id('business.invitations'))",
    ),
    "revoke_private_link": (
        "select tests.act_as('owner'); select public.create_private_link(tests.id('Cut')::text)",
        "owner",
        "revoke_private_link(tests.any_id('catalog.private_links'))",
    ),
    "charge_guarantee": (GUARANTEED, "owner", "charge_guarantee(tests.sale())"),
    "save_notification_template": (
        "select 1",
        "owner",
        f"save_notification_template({SALON}, 'booking.confirmed', 'customer', 'en', 'A', 'B')",
    ),
    "save_page": ("select 1", "owner", SAVE),
    "set_business_active": ("select 1", "owner", f"set_business_active({SALON}, 'false')"),
    "set_consent": ("select 1", "customer", f"set_consent({SALON}, 'marketing', 'true')"),
    "set_member_role": (MEMBER, "owner", f"set_member_role({MEMBER_ID}, 'manager')"),
    "set_notification_preference": (
        "select 1",
        "customer",
        "set_notification_preference('booking.confirmed', 'mail', 'false')",
    ),
    "set_payout_account": (
        "select 1",
        "owner",
        f"set_payout_account({SALON}, 'EUR', 'sandbox', 'weekly', '500')",
    ),
    "set_platform_role": (
        "select 1",
        "admin",
        "set_platform_role(tests.id('novice')::text, 'support')",
    ),
    "set_preferred_resource": (
        "select 1",
        "customer",
        f"set_preferred_resource({SALON}, tests.id('Ann')::text)",
    ),
    "set_preferred_service": (
        "select 1",
        "customer",
        f"set_preferred_service({SALON}, tests.id('Cut')::text)",
    ),
    "set_quiet_hours": ("select 1", "customer", "set_quiet_hours('22:00', '07:00')"),
    "recall_lot": (LOT, "owner", "recall_lot(tests.any_id('commerce.stock_lots'))"),
    "set_wholesale_terms": (
        COMPANY,
        "owner",
        "set_wholesale_terms(tests.any_id('commerce.wholesale_accounts'), null, '30', '100')",
    ),
    "set_stock_limits": (
        SHELF,
        "owner",
        "set_stock_limits(tests.id('Store')::text, tests.id('Bottle')::text, '3', '1')",
    ),
    "share_promotion": (
        PROMOTION,
        "novice",
        "share_promotion(tests.id('Spring')::text, '5000')",
    ),
    "edit_review": (REVIEWED, "customer", f"edit_review({REVIEW}, '5')"),
    "moderate_review": (REVIEWED, "admin", f"moderate_review({REVIEW}, 'hidden', 'Rude.')"),
    "report_review": (REVIEWED, "novice", f"report_review({REVIEW}, 'Rude.')"),
    "withdraw_reply": (
        f"{REVIEWED}; select tests.act_as('owner');"
        f" select public.reply_to_review({REVIEW}, 'Thanks.')",
        "owner",
        f"withdraw_reply({REVIEW})",
    ),
    "submit_business": (DRAFT, "owner", "submit_business(tests.loft())"),
    "suspend_business": (APPROVED, "admin", "suspend_business(tests.loft(), 'Dust')"),
    "take_page_down": (PAGE_SHOWN, "owner", "take_page_down(tests.any_id('content.pages'))"),
    "unverify_business": (
        f"select tests.act_as('admin'); select public.verify_business({SALON})",
        "admin",
        f"unverify_business({SALON}, 'Dust')",
    ),
    "verify_business": ("select 1", "admin", f"verify_business({SALON})"),
}
KEY = "idempotency_key says what is a repetition."
NEW = "Each call makes another one."
DECIDED = "A payout is decided once; tests/sql/money has the refusal."
CHANGED = "A proposal is decided once; tests/sql/commerce has the refusal."
REVIEWS = "The second one is refused; tests/sql/reviews has the refusal."
GONE = "What is gone is not found."
FILE = "tests/sql/files has the life of a file."
OTHERS = {
    "add_tip": NEW,
    "reply_to_review": REVIEWS,
    "review_booking": REVIEWS,
    "review_by_link": REVIEWS,
    "review_product": REVIEWS,
    "approve_product_change": CHANGED,
    "adjust_stock": KEY,
    "approve_payout": DECIDED,
    "block_time": NEW,
    "book": KEY,
    "book_for": KEY,
    "book_many": KEY,
    "book_series": KEY,
    "bulk_upsert_products": "What is sent again is unchanged.",
    "cancel_erasure": "A cancelled request does not wait any more, and is refused.",
    "cancel_gift_card": "A cancelled card is not cancelled again.",
    "charge_fee": NEW,
    "extend_gift_card": "It must expire later than before, so the same call again is refused.",
    "claim_guest_bookings": "It counts what was claimed, and the second call claims nothing.",
    "claim_guest_orders": "It counts what was claimed, and the second call claims nothing.",
    "complete_upload": FILE,
    "accept_membership_price": "The first consent stays.",
    "announce_membership_price": NEW,
    "cancel_membership": "The second call notes its own reason.",
    "change_membership": "A plan that it has already is refused.",
    "gift_membership": NEW,
    "join_membership": KEY,
    "keep_membership": "What was kept is not cancelled any more, and is refused.",
    "pause_membership": "What is paused is not paused again, and is refused.",
    "quote_membership_change": "It changes nothing.",
    "redeem_membership_gift": GONE,
    "resume_membership": "What runs is not resumed, and is refused.",
    "set_membership_method": "What is owed is charged to the new card, once.",
    "skip_membership_period": "What is skipped is not skipped again, and is refused.",
    "accept_referral": "tests/sql/loyalty/referrals.test.sql names a code twice.",
    "add_to_cart": "Each call adds.",
    "adjust_points": KEY,
    "checkout": KEY,
    "merge_cart": "The token is of no use any more.",
    "update_cart_item": "tests/sql/checkout/checkout.test.sql sets a quantity.",
    "count_stock": "It counts what differed, and the second call finds nothing.",
    "create_business": "The slug is taken.",
    "create_calendar_feed": "The token is shown once; then there is a feed already.",
    "create_coupons": NEW,
    "create_payment_link": NEW,
    "create_private_link": NEW,
    "create_api_key": NEW,
    "create_webhook_endpoint": NEW,
    "delete_webhook_endpoint": GONE,
    "replay_webhook": "Each call sends.",
    "revoke_api_key": "A key is revoked once; the second call is refused.",
    "rotate_api_key": "Each call makes another secret.",
    "rotate_webhook_secret": "Each call makes another secret.",
    "test_webhook": "Each call sends.",
    "update_webhook_endpoint": "It sets what it is given, as often as it is called.",
    "create_slots": "It returns what it made, and the second call makes nothing.",
    "create_upload": NEW,
    "delete_calendar_feed": GONE,
    "delete_calendar_import": GONE,
    "feature_media": FILE,
    "import_calendar": NEW,
    "approve_return": DECIDED,
    "bulk_update_orders": "It reports what changed, and the second call changes nothing.",
    "change_order": KEY,
    "cancel_guest_order": "tests/sql/commerce/orders_guests.test.sql cancels twice.",
    "request_order_code": "Each call mails a code.",
    "return_guest_order": "A used code proves the same act again, as that of cancel_guest_order.",
    "cancel_order": "tests/sql/commerce/orders.test.sql cancels twice.",
    "complete_order": "tests/sql/commerce/orders_ends.test.sql completes twice.",
    "deliver_shipment": "tests/sql/commerce/orders_ends.test.sql delivers twice.",
    "fulfil_order": "tests/sql/commerce/orders_ends.test.sql packs twice.",
    "hand_over_order": "What was handed over is not open any more, and is refused.",
    "lose_shipment": "tests/sql/commerce/orders_ends.test.sql loses twice.",
    "receive_return": DECIDED,
    "reject_return": DECIDED,
    "request_return": "What was asked back is not asked back again.",
    "send_shipment": "The second call notes the tracking again.",
    "ship_order": KEY,
    "accept_buyer_invitation": "tests/sql/commerce/wholesale.test.sql accepts twice.",
    "decide_wholesale": "What is decided is not decided again, and is refused.",
    "decide_wholesale_order": "tests/sql/checkout/order_requests.test.sql approves twice.",
    "invite_buyer": "tests/sql/commerce/wholesale.test.sql invites twice.",
    "invite_member": "A new token voids the one before.",
    "issue_credit": KEY,
    "merge_customers": "tests/sql/crm/merging.test.sql merges twice.",
    "unmerge_customers": "tests/sql/crm/merging.test.sql undoes it twice.",
    "add_customer": "Two people may have one name; merge_customers makes one of them.",
    "update_customer": "It sets what it is told, as an update does.",
    "delete_customer": GONE,
    "import_customers": "Whoever has a contact is known the second time.",
    "block_customer": "tests/sql/crm/blocks.test.sql blocks twice.",
    "unblock_customer": "There is no block to end the second time.",
    "start_conversation": "A further call adds a message.",
    "send_message": NEW,
    "track": "Events are counted as often as they are reported.",
    "record_consent": "tests/sql/crm/consents.test.sql answers twice.",
    "set_customer_preferences": "It sets what it is told, as an update does.",
    "read_conversation": "It sets a mark.",
    "mark_notifications_read": "It counts what was read, and the second call reads nothing.",
    "order_by_list": "Each call adds to the cart, as add_to_cart does.",
    "save_report": "It replaces the report of that name.",
    "delete_report": GONE,
    "push_change": "tests/sql/mobile/push.test.sql sends a change twice.",
    "propose_product_change": "It takes the place of the proposal before.",
    "publish_page": "What is published is not a draft any more.",
    "record_cash_payment": KEY,
    "redeem_gift_card": KEY,
    "referral_code": "tests/sql/loyalty/referrals.test.sql asks twice.",
    "refresh_calendar": "Each call asks anew.",
    "refund_payment": KEY,
    "reject_payout": DECIDED,
    "reject_product_change": CHANGED,
    "release_stock": GONE,
    "remove_buyer": GONE,
    "remove_member": GONE,
    "remove_notification_template": GONE,
    "reorder_media": FILE,
    "request_guest_booking": "The first hold has the time; each call mails a code.",
    "request_guest_code": "Each call mails a code.",
    "request_wholesale": "Nobody asks twice.",
    "request_wholesale_order": NEW,
    "request_payout": "It takes all that there is, and then there is nothing to pay out.",
    "reserve_stock": KEY,
    "review_document": FILE,
    "finish_payment_method": "Each call asks the provider again; what it keeps is kept once.",
    "save_payment_method": NEW,
    "revoke_session": GONE,
    "rotate_calendar_feed": "Each call makes another token.",
    "sell_gift_card": NEW,
    "send_offer": "Each call sends.",
    "set_bank_account": "It seals the number anew, and forgets the seal before.",
    "start_payment": KEY,
    "transfer_stock": KEY,
    "unsubscribe": "tests/sql/notifications has it.",
    "use_credit": KEY,
    "withdraw_product_change": CHANGED,
}


def test_every_function_that_writes_is_a_step_or_says_why_not(db: Database) -> None:
    assert sorted([*STEPS, *OTHERS]) == sorted(str(name) for (name,) in db.rows(VOLATILE))


@pytest.mark.parametrize("step", STEPS)
def test_the_same_step_again_has_the_same_answer(db: Database, step: str) -> None:
    before, person, call = STEPS[step]
    act_as = "tests.act_as_anon()" if person == "anon" else f"tests.act_as('{person}')"
    with psycopg.connect(db.dsn) as connection:
        connection.execute(f"{TOWN}; {before}; select {act_as}".encode())
        first, second = (answer(connection, call) for _ in range(2))
        connection.rollback()
    assert first == second


def answer(connection: psycopg.Connection, call: str) -> object:
    """What a call answers, without the moment of the last change."""
    query = f"select to_jsonb(answer) from public.{call} as answer"
    ((found,),) = connection.execute(query.encode()).fetchall()
    return found | {"updated_at": None} if isinstance(found, dict) else found
