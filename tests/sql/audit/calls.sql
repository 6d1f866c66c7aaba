-- One call of every function of the API that writes, for test_calls.py. What stands before the first
-- `-- call:` is the town in which each call happens, and is undone after it. Of each call, the last
-- statement calls the function; those before it prepare.

select tests.at('2031-05-01 08:00Z');
select tests.person('Ada');
select tests.person('Owen');
select tests.person('Mia');
select tests.person('Cleo');
select tests.person('Zoe');
select public.set_platform_role(tests.id('Ada')::text, 'admin');
select tests.business('Salon', 'Owen');
select tests.member('Mia', 'Salon', 'manager');
select tests.act_as('Owen');
create temporary table newcomer as
select id from public.create_business('Newcomer', 'salon', 'DE', 'UTC', 'EUR');
select tests.act_as_owner();
insert into tests.names (name, id) select 'Newcomer', id from newcomer;
select tests.resource('Ann', 'Salon');
select tests.resource('Ben', 'Salon');
select tests.hours('Salon');
select tests.service('Cut', 'Salon', 60, 1500);
select tests.takes('Cut', 'Ann');
select tests.takes('Cut', 'Ben');
select tests.service('Colour', 'Salon', 60, 9000);
select tests.takes('Colour', 'Ann');
update catalog.services set requires_confirmation = true where id = tests.id('Colour');
select tests.service('Yoga', 'Salon', 60, 1500);
select tests.takes('Yoga', 'Ann');
update catalog.services set max_party_size = 3, is_class = true where id = tests.id('Yoga');
select tests.named('Mitte');
select tests.named('Nord');
select tests.named('Oil');
insert into business.stores (id, business_id, name) values
(tests.id('Mitte'), tests.id('Salon'), 'Mitte'),
(tests.id('Nord'), tests.id('Salon'), 'Nord');
insert into catalog.products (id, business_id, name, slug, currency, is_published)
values (tests.id('Oil'), tests.id('Salon'), 'Oil', 'oil', 'EUR', true);
insert into catalog.product_variants (id, business_id, product_id, sku, price_minor)
values (tests.id('Oil'), tests.id('Salon'), tests.id('Oil'), 'OIL', 900);

-- An installation with a key for secrets.
create function pg_temp.sealing()
returns void
language plpgsql
as $$
begin
    perform tests.act_as_owner();
    perform private.add_secret_key('0123456789abcdef', (
        select '\xce8d'::bytea || '\x0400000001'::bytea || '\x01'::bytea || '\x0400'::bytea
            || ('\x' || repeat('c5', 128))::bytea || '\x0011010001'::bytea
    ));
end;
$$;
grant execute on function pg_temp.sealing() to authenticated;

-- An endpoint of the salon.
create function pg_temp.endpoint()
returns void
language plpgsql
as $$
begin
    perform pg_temp.sealing();
    perform tests.act_as('Owen');
    perform public.create_webhook_endpoint(
        tests.id('Salon')::text, 'https://example.com', '["*"]'
    );
end;
$$;
grant execute on function pg_temp.endpoint() to authenticated;

create function pg_temp.company()
returns void
language plpgsql
as $$
begin
    perform tests.act_as('Cleo');
    create temporary table company as
    select id::text
    from public.request_wholesale(tests.id('Salon')::text, 'Trade', 'DE', 'DE136695976');
    grant select on company to authenticated;
end;
$$;
grant execute on function pg_temp.company() to authenticated;

-- What the approver of an approved company asks to order.
create function pg_temp.wanted()
returns void
language plpgsql
as $$
begin
    update catalog.products set is_published = true;
    perform tests.act_as('Owen');
    perform public.adjust_stock(tests.id('Mitte')::text, tests.id('Oil')::text, '5', 'received');
    perform pg_temp.company();
    perform tests.act_as('Owen');
    perform public.decide_wholesale((select id from company), 'approved');
    perform tests.act_as('Cleo');
    perform public.request_wholesale_order(
        jsonb_build_array(jsonb_build_object('variant_id', tests.id('Oil')))::text,
        store_id => tests.id('Mitte')::text
    );
end;
$$;
grant execute on function pg_temp.wanted() to authenticated;

-- An order of two pieces that can be sent: with net terms, or for nothing.
create function pg_temp.ordered(is_free boolean default false)
returns text
language plpgsql
as $$
declare
    v_sale uuid;
    v_order uuid;
begin
    perform tests.act_as('Owen');
    perform public.adjust_stock(tests.id('Mitte')::text, tests.id('Oil')::text, '5', 'received');
    perform tests.act_as_owner();
    v_sale = sales.place_sale(
        tests.id('Salon'), tests.id('Cleo'), 'Cleo', null, null,
        pricing.quote(
            array[pricing.make_line(
                'product', 'Oil', 2, case when is_free then 0 else 900 end, 'EUR',
                jsonb_build_object('variant_id', tests.id('Oil')), tests.id('Oil'))],
            pricing.for_buyer(pricing.make_terms(), tests.id('Salon'), tests.id('Cleo'))
        )
    );
    v_order = commerce.place_order(
        tests.id('Salon'), v_sale, tests.id('Cleo'),
        jsonb_build_object('kind', 'pickup', 'store_id', tests.id('Mitte')),
        array(
            select (id, variant_id, tests.id('Mitte'), 'OIL', 'Oil', 2, 1)::commerce.order_line
            from sales.sale_lines where sale_id = v_sale
        ),
        null, not is_free
    );
    perform tests.act_as('Owen');
    return v_order;
end;
$$;
grant execute on function pg_temp.ordered(boolean) to public;

/* An order of somebody without an account; a code for it was mailed. Returns its reference. */
create function pg_temp.ordered_as_guest(is_sent boolean default false)
returns text
language plpgsql
as $$
declare
    v_id constant uuid = pg_temp.ordered();
    v_order commerce.orders;
begin
    perform tests.act_as_owner();
    select orders.* into v_order from commerce.orders where orders.id = v_id;
    update commerce.orders set customer_id = null where orders.id = v_order.id;
    update sales.sales
    set customer_id = null, customer_email = 'gil@example.com'
    where sales.id = v_order.sale_id;
    if is_sent then
        perform tests.act_as('Owen');
        perform public.hand_over_order(v_order.id::text);
    end if;
    perform tests.act_as_anon();
    perform public.request_order_code(v_order.reference, 'gil@example.com');
    perform tests.act_as_owner();
    return v_order.reference;
end;
$$;

-- What is under way, and what somebody wants to return of it.
create function pg_temp.sent()
returns text
language plpgsql
as $$
declare
    v_order text = pg_temp.ordered();
begin
    return (public.ship_order(v_order)).id;
end;
$$;
grant execute on function pg_temp.sent() to public;
create function pg_temp.asked()
returns text
language plpgsql
as $$
declare
    v_order text = pg_temp.ordered();
begin
    perform public.hand_over_order(v_order);
    return (public.request_return(v_order)).id;
end;
$$;
grant execute on function pg_temp.asked() to public;

create function pg_temp.booking(service text, starts_at text)
returns text
language plpgsql
as $$
declare
    v_id uuid;
begin
    perform tests.act_as('Cleo');
    v_id = (public.book(tests.id(service)::text, booking.starts_at)).id;
    perform tests.act_as('Owen');
    return v_id::text;
end;
$$;
create function pg_temp.act_freshly(called text)
returns void
language sql
as $$
    select tests.act_as(called);
    select set_config('request.jwt.claims', (
        current_setting('request.jwt.claims')::jsonb || jsonb_build_object('amr', jsonb_build_array(
            jsonb_build_object('method', 'password', 'timestamp', extract(epoch from private.now()))
        ))
    )::text, true);
$$;
/* A guest asks for a booking. Its reference and the code that was mailed last are known. */
create function pg_temp.ask_as_guest()
returns void
language plpgsql
as $$
begin
    perform tests.act_as_anon();
    perform public.request_guest_booking(
        tests.id('Cut')::text, '2031-05-05T09:00:00Z', 'Gil', 'gil@example.com'
    );
end;
$$;
create function pg_temp.reference()
returns text
language sql
security definer
as $$
    select reference from scheduling.bookings
$$;
create function pg_temp.code()
returns text
language sql
security definer
as $$
    select message -> 'kwargs' -> 'payload' ->> 'code' from pgmq.q_mail order by msg_id desc limit 1
$$;
/* An active payout account of the salon, and a delivered sale that was paid two days ago. */
create function pg_temp.earn(minor bigint)
returns void
language plpgsql
as $$
declare
    v_sale_id uuid = gen_random_uuid();
    v_payment_id uuid = gen_random_uuid();
begin
    insert into money.payout_accounts (
        business_id, currency, provider, provider_reference, status, schedule
    )
    values (tests.id('Salon'), 'EUR', 'sandbox', 'acct_1', 'active', 'on_demand');
    insert into sales.sales (id, business_id, currency, placed_at)
    values (v_sale_id, tests.id('Salon'), 'EUR', private.now());
    insert into sales.sale_revisions (business_id, sale_id, revision, cause, at)
    values (tests.id('Salon'), v_sale_id, 0, 'agreed', private.now());
    insert into sales.sale_lines (
        business_id, sale_id, position, revision, kind, name, quantity, unit_minor, amount_minor
    )
    values (tests.id('Salon'), v_sale_id, 1, 0, 'service', 'Cut', 1, minor, minor);
    insert into money.payments (
        id, provider, currency, amount_minor, capture, to_capture_minor, return_url, expires_at
    )
    values (v_payment_id, 'sandbox', 'EUR', minor, 'now', minor, 'https://x.example', 'infinity');
    insert into money.payment_parts (
        business_id, sale_id, payment_id, provider, currency, amount_minor
    )
    values (tests.id('Salon'), v_sale_id, v_payment_id, 'sandbox', 'EUR', minor);
    update money.payment_parts set captured_minor = minor where payment_id = v_payment_id;
    perform sales.deliver_lines(tests.id('Salon'), v_sale_id);
    perform tests.at(private.now() + interval '3 days');
end;
$$;
/* A payout of that which waits for approval. */
create function pg_temp.ask_for_payout()
returns void
language plpgsql
as $$
begin
    perform pg_temp.earn(900);
    insert into money.payout_thresholds (currency, approval_from_minor) values ('EUR', 1)
    on conflict (currency) do update set approval_from_minor = 1;
    perform tests.act_as('Owen');
    perform public.request_payout(tests.id('Salon')::text, 'EUR');
    perform tests.act_as_owner();
end;
$$;
grant execute on all functions in schema pg_temp to anon, authenticated;
alter default privileges grant select on tables to authenticated;

-- Cleo as a member on a free plan, beside which there is another.
create function pg_temp.joined()
returns text
language plpgsql
as $$
begin
    perform tests.act_as_owner();
    insert into memberships.membership_plans (id, business_id, name, access)
    values
    (tests.named('Silver'), tests.id('Salon'), 'Silver', 'silver'),
    (tests.named('Gold'), tests.id('Salon'), 'Gold', 'gold');
    insert into memberships.plan_prices (business_id, plan_id, currency, price_minor)
    values
    (tests.id('Salon'), tests.id('Silver'), 'EUR', 0),
    (tests.id('Salon'), tests.id('Gold'), 'EUR', 0);
    perform tests.act_as('Cleo');
    return (public.join_membership(tests.id('Silver')::text)).id;
end;
$$;
grant execute on function pg_temp.joined() to public;

-- A loyalty program of the salon.
create function pg_temp.open_program()
returns void
language plpgsql
as $$
begin
    perform tests.act_as_owner();
    insert into loyalty.programs (
        business_id, name, currency, earn_points, earn_minor, redeem_points, redeem_minor
    )
    values (tests.id('Salon'), 'Points', 'EUR', 1, 100, 1, 1);
end;
$$;
grant execute on function pg_temp.open_program() to public;

-- A review by Cleo of a cut, and what else reviews need.
create function pg_temp.reviewed()
returns text
language plpgsql
as $$
declare
    v_booking text = pg_temp.booking('Cut', '2031-05-05T09:00:00Z');
begin
    perform tests.at('2031-05-06 09:00Z');
    perform tests.act_as('Cleo');
    return (public.review_booking(v_booking, '4', 'Good.')).id;
end;
$$;
grant execute on function pg_temp.reviewed() to public;

-- call: set_platform_role
select tests.act_as('Ada');
select public.set_platform_role(tests.id('Zoe')::text, 'support');

-- call: revoke_session
insert into auth.sessions (id, user_id) values (tests.named('Phone'), tests.id('Cleo'));
select tests.act_as('Cleo');
select public.revoke_session(tests.id('Phone')::text);

-- call: create_business
select tests.act_as('Zoe');
select public.create_business('Studio', 'salon', 'DE', 'UTC', 'EUR');

-- call: invite_member
select tests.act_as('Owen');
select public.invite_member(tests.id('Salon')::text, 'zoe@example.com', 'staff');

-- call: accept_invitation
select tests.act_as('Owen');
create temporary table invited as
select token from public.invite_member(tests.id('Salon')::text, 'zoe@example.com', 'staff');
select tests.act_as('Zoe');
select public.accept_invitation((select token from invited));

-- call: revoke_invitation
select tests.act_as('Owen');
create temporary table invited as
select invitation_id
from public.invite_member(tests.id('Salon')::text, 'zoe@example.com', 'staff');
select public.revoke_invitation((select invitation_id::text from invited));

-- call: set_member_role
select tests.act_as('Owen');
select public.set_member_role(
    (select id::text from public.business_members where user_id = tests.id('Mia')), 'staff'
);

-- call: remove_member
select tests.act_as('Owen');
select public.remove_member(
    (select id::text from public.business_members where user_id = tests.id('Mia'))
);

-- call: submit_business
select tests.act_as('Owen');
select public.submit_business(tests.id('Newcomer')::text);

-- call: approve_business
select tests.act_as('Owen');
select public.submit_business(tests.id('Newcomer')::text);
select tests.act_as('Ada');
select public.approve_business(tests.id('Newcomer')::text);

-- call: reject_business
select tests.act_as('Owen');
select public.submit_business(tests.id('Newcomer')::text);
select tests.act_as('Ada');
select public.reject_business(tests.id('Newcomer')::text, 'No address');

-- call: suspend_business
select tests.act_as('Ada');
select public.suspend_business(tests.id('Salon')::text, 'Fraud');

-- call: reinstate_business
select tests.act_as('Ada');
select public.suspend_business(tests.id('Salon')::text, 'Fraud');
select public.reinstate_business(tests.id('Salon')::text);

-- call: set_business_active
select tests.act_as('Owen');
select public.set_business_active(tests.id('Salon')::text, 'false');

-- call: verify_business
select tests.act_as('Ada');
select public.verify_business(tests.id('Salon')::text, 'Register');

-- call: unverify_business
select tests.act_as('Ada');
select public.verify_business(tests.id('Salon')::text, 'Register');
select public.unverify_business(tests.id('Salon')::text, 'Sold');

-- call: create_upload
select tests.act_as('Owen');
select public.create_upload('business:' || tests.id('Salon'), 'gallery', 'a.png', '10', 'image/png');

-- call: complete_upload
select tests.act_as('Owen');
create temporary table upload as
select public.create_upload(
    'business:' || tests.id('Salon'), 'gallery', 'a.png', '10', 'image/png'
) as answer;
insert into storage.objects (bucket_id, name, metadata)
select answer ->> 'bucket', answer ->> 'path', '{"size": 10, "mimetype": "image/png"}' from upload;
select public.complete_upload((select answer ->> 'upload_id' from upload));

-- call: reorder_media
select tests.upload('Owen', 'business:' || tests.id('Salon'), called => 'one');
select tests.upload('Owen', 'business:' || tests.id('Salon'), called => 'two');
select tests.act_as_owner();
select tests.look_into('one');
select tests.look_into('two');
select tests.act_as('Owen');
select public.reorder_media(
    'business:' || tests.id('Salon'), jsonb_build_array(tests.id('two'), tests.id('one'))::text
);

-- call: feature_media
select tests.upload('Owen', 'business:' || tests.id('Salon'), called => 'one');
select tests.upload('Owen', 'business:' || tests.id('Salon'), called => 'two');
select tests.act_as_owner();
select tests.look_into('one');
select tests.look_into('two');
select tests.act_as('Owen');
select public.feature_media(tests.id('two')::text);

-- call: review_document
select tests.upload(
    'Owen', 'business:' || tests.id('Salon'), 'license', 'application/pdf', called => 'file'
);
select tests.act_as_owner();
select tests.look_into('file');
select tests.act_as('Ada');
select public.review_document((select id::text from public.business_documents), 'true');

-- call: block_time
select tests.act_as('Owen');
select public.block_time(
    tests.id('Salon')::text, '2031-05-05T09:00:00Z', '2031-05-05T10:00:00Z', tests.id('Ann')::text
);

-- call: create_private_link
select tests.act_as('Owen');
select public.create_private_link(tests.id('Cut')::text, 'friends');

-- call: revoke_private_link
select tests.act_as('Owen');
create temporary table link as
select link_id from public.create_private_link(tests.id('Cut')::text, 'friends');
select public.revoke_private_link((select link_id::text from link));

-- call: book
select tests.act_as('Cleo');
select public.book(tests.id('Cut')::text, '2031-05-05T09:00:00Z');

-- call: book_many
select tests.act_as('Cleo');
select public.book_many(
    tests.id('Salon')::text,
    jsonb_build_array(jsonb_build_object('service_id', tests.id('Cut')))::text,
    '2031-05-05T09:00:00Z'
);

-- call: book_for
select tests.act_as('Owen');
select public.book_for(tests.id('Cut')::text, '2031-05-05T09:00:00Z', 'A caller');

-- call: cancel_booking
create temporary table made as select pg_temp.booking('Cut', '2031-05-05T09:00:00Z') as id;
select public.cancel_booking((select id from made), 'Ill');

-- call: cancel_booking_item
select tests.act_as('Cleo');
create temporary table made as
select id::text from public.book_many(
    tests.id('Salon')::text,
    jsonb_build_array(
        jsonb_build_object('service_id', tests.id('Cut')),
        jsonb_build_object('service_id', tests.id('Cut'))
    )::text,
    '2031-05-05T09:00:00Z'
);
select public.cancel_booking_item(
    (select id from made),
    (select id::text from public.booking_items order by position desc limit 1)
);

-- call: reschedule_booking
create temporary table made as select pg_temp.booking('Cut', '2031-05-05T09:00:00Z') as id;
select public.reschedule_booking((select id from made), '2031-05-05T11:00:00Z');

-- call: reassign_booking
create temporary table made as select pg_temp.booking('Cut', '2031-05-05T09:00:00Z') as id;
select public.reassign_booking((select id from made), (
    select resources.id::text
    from public.resources
    where
        resources.name in ('Ann', 'Ben')
        and resources.id not in (select resource_id from public.booking_items)
));

-- call: set_preferred_resource
select tests.act_as('Cleo');
select public.book(tests.id('Cut')::text, '2031-05-05T09:00:00Z');
select public.set_preferred_resource(tests.id('Salon')::text, tests.id('Ann')::text);

-- call: set_preferred_service
select tests.act_as('Cleo');
select public.set_preferred_service(tests.id('Salon')::text, tests.id('Cut')::text);

-- call: set_customer_preferences
select tests.act_as('Owen');
select public.add_customer(tests.id('Salon')::text, 'Walt');
select public.set_customer_preferences(
    (select id::text from public.customers), service_id => tests.id('Cut')::text
);

-- call: create_slots
select tests.act_as('Owen');
select public.create_slots(tests.id('Yoga')::text, '2031-05-07', '09:00', '10:00', '2');

-- call: confirm_booking
create temporary table made as select pg_temp.booking('Colour', '2031-05-05T09:00:00Z') as id;
select public.confirm_booking((select id from made));

-- call: reject_booking
create temporary table made as select pg_temp.booking('Colour', '2031-05-05T09:00:00Z') as id;
select public.reject_booking((select id from made), 'Full');

-- call: check_in_booking
create temporary table made as select pg_temp.booking('Cut', '2031-05-05T09:00:00Z') as id;
select tests.at('2031-05-05 08:55Z');
select public.check_in_booking((select id from made));

-- call: complete_booking
create temporary table made as select pg_temp.booking('Cut', '2031-05-05T09:00:00Z') as id;
select tests.at('2031-05-05 10:05Z');
select public.complete_booking((select id from made));

-- call: mark_no_show
create temporary table made as select pg_temp.booking('Cut', '2031-05-05T09:00:00Z') as id;
select tests.at('2031-05-05 09:30Z');
select public.mark_no_show((select id from made));

-- call: mark_arrived
create temporary table made as select pg_temp.booking('Cut', '2031-05-05T09:00:00Z') as id;
select tests.act_as_owner();
update catalog.resources
set member_id = (select id from business.business_members where user_id = tests.id('Mia'))
where id = (select resource_id from scheduling.booking_items);
select tests.act_as('Mia');
select tests.at('2031-05-05 08:55Z');
select public.mark_arrived((select id from made));

-- call: book_series
select tests.act_as('Cleo');
select public.book_series(tests.id('Cut')::text, '2031-05-05T09:00:00Z', 'FREQ=WEEKLY;COUNT=2');

-- call: reschedule_series
select tests.act_as('Cleo');
select public.book_series(tests.id('Cut')::text, '2031-05-05T09:00:00Z', 'FREQ=WEEKLY;COUNT=2');
select public.reschedule_series(
    (select id::text from public.booking_series), '2031-05-05T11:00:00Z'
);

-- call: cancel_series
select tests.act_as('Cleo');
select public.book_series(tests.id('Cut')::text, '2031-05-05T09:00:00Z', 'FREQ=WEEKLY;COUNT=2');
select public.cancel_series((select id::text from public.booking_series));

-- call: request_guest_booking
select tests.act_as_anon();
select public.request_guest_booking(
    tests.id('Cut')::text, '2031-05-05T09:00:00Z', 'Gil', 'gil@example.com'
);

-- call: confirm_guest_booking
select pg_temp.ask_as_guest();
select public.confirm_guest_booking(pg_temp.reference(), pg_temp.code());

-- call: request_guest_code
select pg_temp.ask_as_guest();
select public.request_guest_code(pg_temp.reference(), 'gil@example.com');

-- call: reschedule_guest_booking
select pg_temp.ask_as_guest();
select public.confirm_guest_booking(pg_temp.reference(), pg_temp.code());
select public.request_guest_code(pg_temp.reference(), 'gil@example.com');
select public.reschedule_guest_booking(
    pg_temp.reference(), pg_temp.code(), '2031-05-05T11:00:00Z'
);

-- call: cancel_guest_booking
select pg_temp.ask_as_guest();
select public.confirm_guest_booking(pg_temp.reference(), pg_temp.code());
select public.request_guest_code(pg_temp.reference(), 'gil@example.com');
select public.cancel_guest_booking(pg_temp.reference(), pg_temp.code());

-- call: claim_guest_bookings
select tests.act_as('Owen');
select public.book_for(
    tests.id('Cut')::text, '2031-05-05T09:00:00Z', 'Zoe', 'zoe@example.com'
);
select tests.act_as_owner();
update scheduling.bookings set contact_verified_at = private.now();
select tests.act_as('Zoe');
select public.claim_guest_bookings();

-- call: join_waitlist
select pg_temp.booking('Colour', '2031-05-05T09:00:00Z');
select tests.act_as('Zoe');
select public.join_waitlist(
    tests.id('Colour')::text, '2031-05-05T09:00:00Z', '2031-05-05T10:00:00Z'
);

-- call: leave_waitlist
select pg_temp.booking('Colour', '2031-05-05T09:00:00Z');
select tests.act_as('Zoe');
select public.join_waitlist(
    tests.id('Colour')::text, '2031-05-05T09:00:00Z', '2031-05-05T10:00:00Z'
);
select public.leave_waitlist((select id::text from public.waitlist_entries));

-- call: accept_waitlist_offer
create temporary table made as select pg_temp.booking('Colour', '2031-05-05T09:00:00Z') as id;
select tests.act_as('Zoe');
select public.join_waitlist(
    tests.id('Colour')::text, '2031-05-05T09:00:00Z', '2031-05-05T10:00:00Z'
);
select tests.act_as('Cleo');
select public.cancel_booking((select id from made));
select tests.act_as('Zoe');
select public.accept_waitlist_offer((select id::text from public.waitlist_entries));

-- call: create_calendar_feed
select tests.act_as('Cleo');
select public.create_calendar_feed();

-- call: rotate_calendar_feed
select tests.act_as('Cleo');
create temporary table feed as select feed_id from public.create_calendar_feed();
select public.rotate_calendar_feed((select feed_id::text from feed));

-- call: delete_calendar_feed
select tests.act_as('Cleo');
create temporary table feed as select feed_id from public.create_calendar_feed();
select public.delete_calendar_feed((select feed_id::text from feed));

-- call: import_calendar
select tests.act_as('Owen');
select public.import_calendar(
    tests.id('Salon')::text, tests.id('Ann')::text, 'https://calendar.example/a.ics'
);

-- call: refresh_calendar
select tests.act_as('Owen');
select public.import_calendar(
    tests.id('Salon')::text, tests.id('Ann')::text, 'https://calendar.example/a.ics'
);
select tests.at('2031-05-01 09:00Z');
select public.refresh_calendar((select id::text from public.calendar_imports));

-- call: delete_calendar_import
select tests.act_as('Owen');
select public.import_calendar(
    tests.id('Salon')::text, tests.id('Ann')::text, 'https://calendar.example/a.ics'
);
select public.delete_calendar_import((select id::text from public.calendar_imports));

-- call: set_notification_preference
select tests.act_as('Cleo');
select public.set_notification_preference('booking.confirmed', 'mail', 'false');

-- call: set_quiet_hours
select tests.act_as('Cleo');
select public.set_quiet_hours('22:00', '07:00');

-- call: register_device
select tests.act_as('Cleo');
select public.register_device('a-token', 'ios');

-- call: forget_device
select tests.act_as('Cleo');
select public.register_device('a-token', 'ios');
select public.forget_device('a-token');

-- call: mark_notifications_read
insert into engagement.notifications (id, user_id, event, title, body)
values ('00000000-0000-4000-8000-000000000007', tests.id('Cleo'), 'booking.confirmed', 'Hello', 'Hello');
select tests.act_as('Cleo');
select public.mark_notifications_read('["00000000-0000-4000-8000-000000000007"]');

-- call: set_consent
select tests.act_as('Cleo');
select public.set_consent(tests.id('Salon')::text, 'marketing', 'true');

-- call: record_consent
select tests.act_as('Owen');
select public.add_customer(tests.id('Salon')::text, 'Walt');
select public.record_consent(
    (select id::text from public.customers), 'marketing', 'true', 'paper'
);

-- call: unsubscribe
select tests.act_as('Cleo');
select public.set_consent(tests.id('Salon')::text, 'marketing', 'true');
select tests.act_as_owner();
create temporary table mailed as
select unsubscribe_token::text as token from engagement.marketing_consents;
grant select on mailed to anon;
select tests.act_as_anon();
select public.unsubscribe((select token from mailed));

-- call: send_offer
select tests.act_as('Owen');
select public.send_offer(tests.id('Salon')::text, 'Spring', 'Half price');

-- call: save_notification_template
select tests.act_as('Owen');
select public.save_notification_template(
    tests.id('Salon')::text, 'booking.confirmed', 'customer', 'en', 'Hello', 'See you.'
);

-- call: remove_notification_template
select tests.act_as('Owen');
select public.save_notification_template(
    tests.id('Salon')::text, 'booking.confirmed', 'customer', 'en', 'Hello', 'See you.'
);
select public.remove_notification_template((
    select id::text from public.notification_templates where business_id = tests.id('Salon')
));

-- call: create_coupons
select tests.act_as('Owen');
insert into public.promotions (business_id, name, kind, percent_bps)
values (tests.id('Salon'), 'Spring', 'percent', 1000);
select public.create_coupons((select id::text from public.promotions), '2');

-- call: share_promotion
select tests.act_as('Owen');
insert into public.promotions (business_id, name, kind, percent_bps)
values (tests.id('Salon'), 'Spring', 'percent', 1000);
select tests.act_as('Ada');
select public.share_promotion((select id::text from pricing.promotions), '5000');

-- call: save_page
select tests.act_as('Ada');
select public.save_page('terms', 'en', 'Terms', 'Pay.', is_terms => 'true');

-- call: publish_page
select tests.act_as('Ada');
create temporary table page as
select public.save_page('terms', 'en', 'Terms', 'Pay.', is_terms => 'true')::text as id;
select public.publish_page((select id from page));

-- call: take_page_down
select tests.act_as('Ada');
create temporary table page as
select public.save_page('about', 'en', 'About', 'Us.')::text as id;
select public.publish_page((select id from page));
select public.take_page_down((select id from page));

-- call: require_terms
select tests.act_as('Ada');
create temporary table page as
select public.save_page('terms', 'en', 'Terms', 'Pay.', is_terms => 'true')::text as id;
select public.publish_page((select id from page));
select public.require_terms('terms', to_buy => 'true');

-- call: accept_terms
select tests.act_as('Ada');
create temporary table page as
select public.save_page('terms', 'en', 'Terms', 'Pay.', is_terms => 'true')::text as id;
select public.publish_page((select id from page));
select tests.act_as('Cleo');
select public.accept_terms('terms', '1');

-- call: add_tip
create temporary table made as select pg_temp.booking('Cut', '2031-05-05T09:00:00Z') as id;
select tests.act_as('Cleo');
select public.add_tip((select sale_id::text from public.bookings), '500');

-- call: charge_fee
create temporary table made as select pg_temp.booking('Cut', '2031-05-05T09:00:00Z') as id;
select public.charge_fee((select sale_id::text from public.bookings), 'Late', '500');

-- call: create_payment_link
create temporary table made as select pg_temp.booking('Cut', '2031-05-05T09:00:00Z') as id;
select public.create_payment_link((select sale_id::text from public.bookings));

-- call: start_payment
create temporary table made as select pg_temp.booking('Cut', '2031-05-05T09:00:00Z') as id;
select tests.act_as('Cleo');
select public.start_payment('sandbox', booking_id => (select id from made));

-- call: cancel_payment
create temporary table made as select pg_temp.booking('Cut', '2031-05-05T09:00:00Z') as id;
select tests.act_as('Cleo');
create temporary table paid as
select public.start_payment('sandbox', booking_id => (select id from made)) ->> 'id' as id;
select tests.act_as_owner();
-- The provider was asked: nothing of the payment changes before it answers.
select money.start_call('create', (select id::uuid from paid));
select tests.act_as('Cleo');
select public.cancel_payment((select id from paid));

-- call: record_cash_payment
create temporary table made as select pg_temp.booking('Cut', '2031-05-05T09:00:00Z') as id;
select public.record_cash_payment((select sale_id::text from public.bookings));

-- call: refund_payment
create temporary table made as select pg_temp.booking('Cut', '2031-05-05T09:00:00Z') as id;
select public.record_cash_payment((select sale_id::text from public.bookings));
select tests.act_as_owner();
create temporary table paid as select id::text from money.payments;
select tests.act_as('Owen');
select public.refund_payment((select id from paid), 'Sorry');

-- call: issue_document
create temporary table made as select pg_temp.booking('Cut', '2031-05-05T09:00:00Z') as id;
select public.record_cash_payment((select sale_id::text from public.bookings));
select public.issue_document((select sale_id::text from public.bookings));

-- call: issue_credit
create temporary table made as select pg_temp.booking('Cut', '2031-05-05T09:00:00Z') as id;
select public.issue_credit(
    tests.id('Salon')::text, (select id::text from public.customers), '1000', 'We were late'
);

-- call: merge_customers
select tests.named('Twin');
insert into customers.customers (id, business_id, name)
values (tests.id('Twin'), tests.id('Salon'), 'Twin');
create temporary table made as select pg_temp.booking('Cut', '2031-05-05T09:00:00Z') as id;
select tests.act_as('Owen');
select public.merge_customers(
    (select id::text from public.customers where user_id is not null), tests.id('Twin')::text
);

-- call: unmerge_customers
select tests.named('Twin');
insert into customers.customers (id, business_id, name)
values (tests.id('Twin'), tests.id('Salon'), 'Twin');
create temporary table made as select pg_temp.booking('Cut', '2031-05-05T09:00:00Z') as id;
select tests.act_as('Owen');
select public.merge_customers(
    (select id::text from public.customers where user_id is not null), tests.id('Twin')::text
);
select public.unmerge_customers((select id::text from public.customer_merges));

-- call: add_customer
select tests.act_as('Owen');
select public.add_customer(tests.id('Salon')::text, 'Walt');

-- call: update_customer
select tests.act_as('Owen');
select public.add_customer(tests.id('Salon')::text, 'Walt');
select public.update_customer((select id::text from public.customers), phone => '+4930123456');

-- call: delete_customer
select tests.act_as('Owen');
select public.add_customer(tests.id('Salon')::text, 'Walt');
select public.delete_customer((select id::text from public.customers));

-- call: import_customers
select tests.act_as('Owen');
select public.import_customers(tests.id('Salon')::text, '[{"name": "Walt"}]');

-- call: block_customer
select tests.act_as('Owen');
select public.add_customer(tests.id('Salon')::text, 'Walt');
select public.block_customer((select id::text from public.customers), 'Rude.');

-- call: unblock_customer
select tests.act_as('Owen');
select public.add_customer(tests.id('Salon')::text, 'Walt');
select public.block_customer((select id::text from public.customers), 'Rude.');
select public.unblock_customer((select id::text from public.customers));

-- call: start_conversation
select tests.act_as('Cleo');
select public.start_conversation(tests.id('Salon')::text, 'Hello.');

-- call: send_message
select tests.act_as('Cleo');
select public.start_conversation(tests.id('Salon')::text, 'Hello.');
select public.send_message((select id::text from public.conversations), 'Anybody?');

-- call: read_conversation
select tests.act_as('Cleo');
select public.start_conversation(tests.id('Salon')::text, 'Hello.');
select tests.act_as('Owen');
select public.read_conversation((select id::text from public.conversations));

-- call: use_credit
create temporary table made as select pg_temp.booking('Cut', '2031-05-05T09:00:00Z') as id;
select public.issue_credit(
    tests.id('Salon')::text, (select id::text from public.customers), '1000', 'We were late'
);
select tests.act_as('Cleo');
select public.use_credit((select sale_id::text from public.bookings), '1000');

-- call: sell_gift_card
select tests.act_as('Owen');
select public.sell_gift_card(tests.id('Salon')::text, '7000');

-- call: cancel_gift_card
select tests.act_as('Owen');
create temporary table card as
select public.sell_gift_card(tests.id('Salon')::text, '7000') as sold;
select public.record_cash_payment((select sold ->> 'sale_id' from card));
select public.cancel_gift_card((select sold ->> 'gift_card_id' from card), 'Lost');

-- call: extend_gift_card
select tests.act_as('Owen');
select public.extend_gift_card(
    public.sell_gift_card(
        tests.id('Salon')::text, '7000', expires_at => '2041-01-01T00:00:00Z'
    ) ->> 'gift_card_id',
    '2042-01-01T00:00:00Z'
);

-- call: redeem_gift_card
select tests.act_as('Owen');
create temporary table card as
select public.sell_gift_card(tests.id('Salon')::text, '7000') as sold;
select public.record_cash_payment((select sold ->> 'sale_id' from card));
select pg_temp.booking('Cut', '2031-05-05T09:00:00Z');
select public.redeem_gift_card(
    (select sale_id::text from public.bookings), (select sold ->> 'code' from card)
);

-- call: set_payout_account
select tests.act_as('Owen');
select public.set_payout_account(tests.id('Salon')::text, 'EUR', 'sandbox');

-- call: export_person
select tests.act_as('Cleo');
select public.export_person();

-- call: erase_person
select pg_temp.act_freshly('Cleo');
select public.erase_person();

-- call: cancel_erasure
select pg_temp.act_freshly('Cleo');
select public.erase_person();
select public.cancel_erasure((select id::text from public.privacy_requests));

-- call: adjust_stock
select tests.act_as('Owen');
select public.adjust_stock(tests.id('Mitte')::text, tests.id('Oil')::text, '5', 'received');

-- call: bulk_upsert_products
select tests.act_as('Owen');
select public.bulk_upsert_products(
    tests.id('Salon')::text, '[{"product": "wax", "name": "Wax", "sku": "WAX", "price_minor": 1}]'
);

-- call: propose_product_change
select tests.act_as('Owen');
select public.propose_product_change(tests.id('Oil')::text, '[{"name": "Fine oil"}]');

-- call: approve_product_change
select tests.act_as('Owen');
create temporary table proposed as
select id from public.propose_product_change(tests.id('Oil')::text, '[{"name": "Fine oil"}]');
grant select on proposed to authenticated;
select tests.act_as('Ada');
select public.approve_product_change((select id::text from proposed));

-- call: reject_product_change
select tests.act_as('Owen');
create temporary table proposed as
select id from public.propose_product_change(tests.id('Oil')::text, '[{"name": "Fine oil"}]');
grant select on proposed to authenticated;
select tests.act_as('Ada');
select public.reject_product_change((select id::text from proposed), 'No picture.');

-- call: withdraw_product_change
select tests.act_as('Owen');
create temporary table proposed as
select id from public.propose_product_change(tests.id('Oil')::text, '[{"name": "Fine oil"}]');
select public.withdraw_product_change((select id::text from proposed));

-- call: count_stock
select tests.act_as('Owen');
select public.count_stock(
    tests.id('Mitte')::text,
    jsonb_build_array(jsonb_build_object('variant_id', tests.id('Oil'), 'quantity', 2))::text
);

-- call: transfer_stock
select tests.act_as('Owen');
select public.adjust_stock(tests.id('Mitte')::text, tests.id('Oil')::text, '5', 'received');
select public.transfer_stock(
    tests.id('Mitte')::text, tests.id('Nord')::text,
    jsonb_build_array(jsonb_build_object('variant_id', tests.id('Oil'), 'quantity', 2))::text
);

-- call: add_to_cart
update catalog.products set is_published = true;
select tests.act_as('Cleo');
select public.add_to_cart(jsonb_build_object('variant_id', tests.id('Oil'))::text);

-- call: update_cart_item
update catalog.products set is_published = true;
select tests.act_as('Cleo');
create temporary table cart as
select public.add_to_cart(jsonb_build_object('variant_id', tests.id('Oil'))::text) as shown;
select public.update_cart_item((select shown #>> '{items,0,id}' from cart), '3');

-- call: merge_cart
update catalog.products set is_published = true;
select tests.act_as_anon();
create temporary table cart as
select public.add_to_cart(jsonb_build_object('variant_id', tests.id('Oil'))::text) as shown;
grant select on cart to authenticated;
select tests.act_as('Cleo');
select public.merge_cart((select shown ->> 'cart_token' from cart));

-- call: checkout
update catalog.products set is_published = true;
select tests.act_as('Owen');
select public.adjust_stock(tests.id('Mitte')::text, tests.id('Oil')::text, '5', 'received');
select tests.act_as('Cleo');
select public.checkout(
    'once', store_id => tests.id('Mitte')::text,
    items => jsonb_build_array(jsonb_build_object('variant_id', tests.id('Oil')))::text
);

-- call: set_stock_limits
select tests.act_as('Owen');
select public.set_stock_limits(tests.id('Mitte')::text, tests.id('Oil')::text, '3', '1');

-- call: reserve_stock
select tests.act_as('Owen');
select public.adjust_stock(tests.id('Mitte')::text, tests.id('Oil')::text, '5', 'received');
select public.reserve_stock(
    tests.id('Mitte')::text,
    jsonb_build_array(jsonb_build_object('variant_id', tests.id('Oil'), 'quantity', 2))::text
);

-- call: release_stock
select tests.act_as('Owen');
select public.adjust_stock(tests.id('Mitte')::text, tests.id('Oil')::text, '5', 'received');
create temporary table kept as
select public.reserve_stock(
    tests.id('Mitte')::text,
    jsonb_build_array(jsonb_build_object('variant_id', tests.id('Oil'), 'quantity', 2))::text
)::text as id;
select public.release_stock((select id from kept));

-- call: remove_payment_method
select tests.act_as_owner();
insert into money.payment_methods (id, user_id, provider, provider_reference, brand, last4)
values (tests.named('Card'), tests.id('Cleo'), 'sandbox', 'card_1', 'Visa', '4242');
select tests.act_as('Cleo');
select public.remove_payment_method(tests.id('Card')::text);

-- call: guarantee_sale
create temporary table made as select pg_temp.booking('Cut', '2031-05-05T09:00:00Z') as id;
select tests.act_as_owner();
insert into money.payment_methods (id, user_id, provider, provider_reference, brand, last4)
values (tests.named('Card'), tests.id('Cleo'), 'sandbox', 'card_1', 'Visa', '4242');
select tests.act_as('Cleo');
select public.guarantee_sale(
    (select sale_id::text from public.bookings), tests.id('Card')::text
);

-- call: save_payment_method
select tests.act_as('Cleo');
select public.save_payment_method('sandbox');

-- call: finish_payment_method
select tests.act_as('Cleo');
select public.finish_payment_method(public.save_payment_method('sandbox') ->> 'id');

-- call: charge_guarantee
create temporary table made as select pg_temp.booking('Cut', '2031-05-05T09:00:00Z') as id;
select tests.act_as_owner();
insert into money.payment_methods (id, user_id, provider, provider_reference, brand, last4)
values (tests.named('Card'), tests.id('Cleo'), 'sandbox', 'card_1', 'Visa', '4242');
insert into money.guarantees (business_id, sale_id, method_id)
select bookings.business_id, bookings.sale_id, tests.id('Card') from scheduling.bookings;
select tests.act_as('Owen');
select public.charge_fee((select sale_id::text from public.bookings), 'Late', '500');
select public.charge_guarantee((select sale_id::text from public.bookings));

-- call: capture_payment
create temporary table made as select pg_temp.booking('Cut', '2031-05-05T09:00:00Z') as id;
select tests.act_as('Cleo');
create temporary table paid as
select public.start_payment('sandbox', booking_id => (select id from made)) ->> 'id' as id;
select tests.act_as_owner();
update money.payments set status = 'authorized';
select tests.act_as('Owen');
-- All of it: nothing of the payment changes before the provider answers.
select public.capture_payment((select id from paid));

-- call: request_payout
select tests.act_as_owner();
select pg_temp.earn(900);
select tests.act_as('Owen');
select public.request_payout(tests.id('Salon')::text, 'EUR');

-- call: approve_payout
select tests.act_as_owner();
select pg_temp.ask_for_payout();
select tests.act_with_factor('Ada');
select public.approve_payout((select id::text from public.payouts));

-- call: reject_payout
select tests.act_as_owner();
select pg_temp.ask_for_payout();
select tests.act_with_factor('Ada');
select public.reject_payout((select id::text from public.payouts), 'Looks odd');

-- call: set_bank_account
select tests.act_as_owner();
select pg_temp.sealing();
select tests.act_with_factor('Owen');
select public.set_bank_account(
    tests.id('Salon')::text, 'Owen', 'DE89370400440532013000', 'EUR'
);

-- call: request_wholesale
select tests.act_as('Cleo');
select public.request_wholesale(tests.id('Salon')::text, 'Trade', 'DE', 'DE136695976');

-- call: set_wholesale_terms
select pg_temp.company();
select tests.act_as('Owen');
select public.set_wholesale_terms((select id from company), null, '30', '10000');

-- call: decide_wholesale
select pg_temp.company();
select tests.act_as('Owen');
select public.decide_wholesale((select id from company), 'approved');

-- call: invite_buyer
select pg_temp.company();
select public.invite_buyer((select id from company), 'zoe@example.com');

-- call: accept_buyer_invitation
select pg_temp.company();
select public.invite_buyer((select id from company), 'zoe@example.com');
select tests.act_as('Zoe');
select public.accept_buyer_invitation((select id::text from public.wholesale_buyers));

-- call: remove_buyer
select pg_temp.company();
create temporary table invited as
select id::text from public.invite_buyer((select id from company), 'zoe@example.com');
select public.remove_buyer((select id from invited));

-- call: request_wholesale_order
select pg_temp.wanted();

-- call: decide_wholesale_order
select pg_temp.wanted();
select public.decide_wholesale_order(
    (select id::text from public.wholesale_order_requests), 'approved'
);

-- call: cancel_order
select tests.act_as('Owen');
create temporary table made as select pg_temp.ordered() as id;
select public.cancel_order((select id from made), reason => 'Sold out');

-- call: request_order_code
create temporary table made as select pg_temp.ordered_as_guest() as reference;
grant select on made to anon;
select tests.act_as_anon();
select public.request_order_code((select reference from made), 'gil@example.com');

-- call: cancel_guest_order
create temporary table made as select pg_temp.ordered_as_guest() as reference;
grant select on made to anon;
select tests.act_as_anon();
select public.cancel_guest_order((select reference from made), pg_temp.code());

-- call: return_guest_order
create temporary table made as select pg_temp.ordered_as_guest(is_sent => true) as reference;
grant select on made to anon;
select tests.act_as_anon();
select public.return_guest_order((select reference from made), pg_temp.code());

-- call: claim_guest_orders
create temporary table made as select pg_temp.ordered_as_guest() as reference;
select tests.act_as_owner();
update auth.users set email = 'gil@example.com', email_confirmed_at = now()
where id = tests.id('Zoe');
select tests.act_as('Zoe');
select public.claim_guest_orders();

-- call: change_order
select tests.act_as('Owen');
create temporary table made as select pg_temp.ordered() as id;
select public.change_order(
    (select id from made),
    jsonb_build_array(jsonb_build_object('variant_id', tests.id('Oil'), 'quantity', 1))::text
);

-- call: fulfil_order
select tests.act_as('Owen');
create temporary table made as select pg_temp.ordered(is_free => true) as id;
select public.fulfil_order((select id from made));

-- call: complete_order
select tests.act_as('Owen');
create temporary table made as select pg_temp.sent() as id;
select public.complete_order((select order_id::text from public.shipments));

-- call: bulk_update_orders
select tests.act_as('Owen');
create temporary table made as select pg_temp.ordered() as id;
select public.bulk_update_orders((select jsonb_build_array(id)::text from made), 'ship');

-- call: ship_order
select tests.act_as('Owen');
create temporary table made as select pg_temp.ordered() as id;
select public.ship_order((select id from made));

-- call: send_shipment
select tests.act_as('Owen');
create temporary table made as select pg_temp.ordered() as id;
create temporary table packed as
select (public.ship_order((select id from made), only_packs => 'true')).id::text;
select public.send_shipment((select id from packed));

-- call: hand_over_order
select tests.act_as('Owen');
create temporary table made as select pg_temp.ordered() as id;
select public.hand_over_order((select id from made));

-- call: deliver_shipment
select tests.act_as('Owen');
create temporary table made as select pg_temp.sent() as id;
select public.deliver_shipment((select id from made));

-- call: lose_shipment
select tests.act_as('Owen');
create temporary table made as select pg_temp.sent() as id;
select public.lose_shipment((select id from made));

-- call: request_return
select tests.act_as('Owen');
create temporary table made as select pg_temp.sent() as id;
select public.request_return((select order_id::text from public.shipments));

-- call: approve_return
select tests.act_as('Owen');
create temporary table made as select pg_temp.asked() as id;
select public.approve_return((select id from made));

-- call: reject_return
select tests.act_as('Owen');
create temporary table made as select pg_temp.asked() as id;
select public.reject_return((select id from made), 'Used');

-- call: receive_return
select tests.act_as('Owen');
create temporary table made as select pg_temp.asked() as id;
select public.approve_return((select id from made));
select public.receive_return((select id from made));

-- call: recall_lot
select tests.act_as('Owen');
select public.adjust_stock(
    tests.id('Mitte')::text, tests.id('Oil')::text, '5', 'received', lot_code => 'A'
);
select public.recall_lot((select id::text from public.stock_lots));

-- call: order_by_list
select tests.act_as('Owen');
select public.adjust_stock(tests.id('Mitte')::text, tests.id('Oil')::text, '5', 'received');
update public.products set is_published = true where id = tests.id('Oil');
select tests.act_as('Cleo');
select public.order_by_list(tests.id('Salon')::text, 'OIL,1');

-- call: join_membership
create temporary table member as select pg_temp.joined() as id;
select public.cancel_membership((select id from member), 'false');
select public.join_membership(tests.id('Gold')::text);

-- call: change_membership
create temporary table member as select pg_temp.joined() as id;
select public.change_membership((select id from member), tests.id('Gold')::text);

-- call: pause_membership
create temporary table member as select pg_temp.joined() as id;
select public.pause_membership((select id from member));

-- call: resume_membership
create temporary table member as select pg_temp.joined() as id;
select public.pause_membership((select id from member));
select public.resume_membership((select id from member));

-- call: skip_membership_period
create temporary table member as select pg_temp.joined() as id;
select public.skip_membership_period((select id from member));

-- call: cancel_membership
create temporary table member as select pg_temp.joined() as id;
select public.cancel_membership((select id from member));

-- call: keep_membership
create temporary table member as select pg_temp.joined() as id;
select public.cancel_membership((select id from member));
select public.keep_membership((select id from member));

-- call: set_membership_method
create temporary table member as select pg_temp.joined() as id;
grant select on member to authenticated;
select tests.act_as_owner();
insert into money.payment_methods (id, user_id, provider, provider_reference, brand, last4)
values (tests.named('Card'), tests.id('Cleo'), 'sandbox', 'card', 'visa', '4242');
select tests.act_as('Cleo');
select public.set_membership_method((select id from member), tests.id('Card')::text);

-- call: gift_membership
create temporary table member as select pg_temp.joined() as id;
select public.gift_membership(tests.id('Gold')::text);

-- call: redeem_membership_gift
create temporary table member as select pg_temp.joined() as id;
create temporary table gift as
select public.gift_membership(tests.id('Gold')::text) as given;
select public.redeem_membership_gift((select given ->> 'code' from gift));

-- call: announce_membership_price
create temporary table member as select pg_temp.joined() as id;
select tests.act_as('Owen');
select public.announce_membership_price(
    tests.id('Silver')::text, '100', '2031-07-01T00:00Z', 'EUR'
);

-- call: accept_membership_price
create temporary table member as select pg_temp.joined() as id;
select tests.act_as('Owen');
create temporary table change as
select public.announce_membership_price(
    tests.id('Silver')::text, '100', '2031-07-01T00:00Z', 'EUR'
)::text as id;
grant select on change to authenticated;
select tests.act_as('Cleo');
select public.accept_membership_price((select id from change));

-- call: adjust_points
create temporary table made as select pg_temp.booking('Cut', '2031-05-05T09:00:00Z') as id;
select pg_temp.open_program();
select tests.act_as('Owen');
select public.adjust_points(
    tests.id('Salon')::text, (select id::text from public.customers), '100', 'We were late'
);

-- call: referral_code
select pg_temp.open_program();
select tests.act_as('Cleo');
select public.referral_code(tests.id('Salon')::text);

-- call: accept_referral
select pg_temp.open_program();
select tests.act_as('Cleo');
create temporary table made as select public.referral_code(tests.id('Salon')::text) as code;
select tests.act_as('Zoe');
select public.accept_referral(tests.id('Salon')::text, (select code from made));

-- call: review_booking
create temporary table made as select pg_temp.booking('Cut', '2031-05-05T09:00:00Z') as id;
select tests.at('2031-05-06 09:00Z');
select tests.act_as('Cleo');
select public.review_booking((select id from made), '5', 'Very good.');

-- call: review_by_link
create temporary table made as select pg_temp.booking('Cut', '2031-05-05T09:00:00Z') as id;
select tests.at('2031-05-05 10:05Z');
select public.complete_booking((select id from made));
select tests.act_as_owner();
create temporary table link as
select split_part(reviews.invitation_path((select id::uuid from made)), 'token=', 2) as token;
grant select on link to authenticated;
select tests.act_as('Zoe');
select public.review_by_link((select id from made), (select token from link), '5');

-- call: review_product
select tests.act_as('Owen');
create temporary table made as select pg_temp.ordered(true) as id;
select public.hand_over_order((select id from made));
select tests.act_as('Cleo');
select public.review_product((select id::text from public.sale_lines), '5');

-- call: edit_review
create temporary table made as select pg_temp.reviewed() as id;
select public.edit_review((select id from made), '5');

-- call: report_review
create temporary table made as select pg_temp.reviewed() as id;
select tests.act_as('Zoe');
select public.report_review((select id from made), 'Not nice.');

-- call: moderate_review
create temporary table made as select pg_temp.reviewed() as id;
select tests.act_as('Ada');
select public.moderate_review((select id from made), 'hidden', 'Not nice.');

-- call: reply_to_review
create temporary table made as select pg_temp.reviewed() as id;
select tests.act_as('Owen');
select public.reply_to_review((select id from made), 'Thank you.');

-- call: withdraw_reply
create temporary table made as select pg_temp.reviewed() as id;
select tests.act_as('Owen');
select public.reply_to_review((select id from made), 'Thank you.');
select public.withdraw_reply((select id from made));

-- call: track
select public.track('[{"name": "visited"}]');
-- call: save_report
select tests.act_as('Owen');
select public.save_report(
    tests.id('Salon')::text, 'Weeks',
    '{"subject": "bookings", "period": "this_week", "measures": ["bookings"]}'
);

-- call: delete_report
select tests.act_as('Owen');
select public.delete_report(public.save_report(
    tests.id('Salon')::text, 'Weeks',
    '{"subject": "bookings", "period": "this_week", "measures": ["bookings"]}'
)::text);

-- call: create_api_key
select tests.act_as('Owen');
select public.create_api_key(tests.id('Salon')::text, 'Till', '["bookings:read"]');

-- call: rotate_api_key
select tests.act_as('Owen');
select public.create_api_key(tests.id('Salon')::text, 'Till', '["bookings:read"]');
select public.rotate_api_key((select id::text from public.api_keys));

-- call: revoke_api_key
select tests.act_as('Owen');
select public.create_api_key(tests.id('Salon')::text, 'Till', '["bookings:read"]');
select public.revoke_api_key((select id::text from public.api_keys));

-- call: create_webhook_endpoint
select pg_temp.sealing();
select tests.act_as('Owen');
select public.create_webhook_endpoint(tests.id('Salon')::text, 'https://example.com', '["*"]');

-- call: update_webhook_endpoint
select pg_temp.endpoint();
select public.update_webhook_endpoint(
    (select id::text from public.webhook_endpoints), is_enabled => 'false'
);

-- call: delete_webhook_endpoint
select pg_temp.endpoint();
select public.delete_webhook_endpoint((select id::text from public.webhook_endpoints));

-- call: rotate_webhook_secret
select pg_temp.endpoint();
select public.rotate_webhook_secret((select id::text from public.webhook_endpoints));

-- call: test_webhook
select pg_temp.endpoint();
select public.test_webhook((select id::text from public.webhook_endpoints));

-- call: replay_webhook
select pg_temp.endpoint();
select public.replay_webhook(
    (select id::text from public.webhook_endpoints), from_at => '2031-05-01T00:00:00Z'
);

-- call: push_change
select tests.act_as('Owen');
select public.push_change(
    'addresses', gen_random_uuid(), 'first',
    '{"recipient": "Owen", "line1": "Way 1", "city": "Bonn", "postal_code": "1", "country": "DE"}'
);
