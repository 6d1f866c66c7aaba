-- One row in every table of the business that nobody outside may see. Parameters: its id, its owner,
-- its service and its resource.
insert into catalog.service_categories (business_id, name) values (%(business)s, 'Secrets');
insert into catalog.service_addons (business_id, service_id, name, price_minor)
values (%(business)s, %(service)s, 'Secret extra', 100);
insert into catalog.service_questions (business_id, service_id, key, label, kind)
values (%(business)s, %(service)s, 'secret', 'Secret?', 'text');
insert into catalog.private_links (business_id, service_id, token_hash)
values (%(business)s, %(service)s, uuid_send(gen_random_uuid()));
insert into catalog.booking_limits (business_id, service_id, period, max_bookings)
values (%(business)s, %(service)s, 'day', 9);
insert into catalog.cancellation_tiers (business_id, cancellation_policy_id, hours_before, fee_bps)
select cancellation_policies.business_id, cancellation_policies.id, 24, 5000
from catalog.cancellation_policies
where cancellation_policies.business_id = %(business)s;
insert into catalog.schedule_exceptions (business_id, starts_on, ends_on)
values (%(business)s, '2031-01-01', '2031-01-01');
insert into catalog.travel_zones (business_id, resource_id, starts_on, ends_on, time_zone)
values (%(business)s, %(resource)s, '2031-01-01', '2031-01-01', 'Asia/Tokyo');
insert into catalog.blocked_periods (business_id, during, resource_id)
values
(%(business)s, '[2031-01-01 10:00Z, 2031-01-01 11:00Z)', null),
(%(business)s, '[2031-01-01 10:00Z, 2031-01-01 11:00Z)', %(resource)s);
insert into business.closures (business_id, starts_on, ends_on)
values (%(business)s, '2031-01-02', '2031-01-02');
insert into files.media (
    id, business_id, subject, subject_id, kind, is_public, bucket, object_name, file_name,
    content_type, bytes, sha256, state, public_name
)
select
    gen_random_uuid(), %(business)s, made.subject, made.subject_id, made.kind,
    made.kind = 'gallery', 'originals', %(business)s || '/' || made.subject || made.kind, 'secret',
    'image/png', 1, repeat('a', 64), 'ready', made.kind
from (
    values
    ('business', %(business)s::uuid, 'gallery'),
    ('business', %(business)s::uuid, 'license'),
    ('service', %(service)s::uuid, 'gallery'),
    ('resource', %(resource)s::uuid, 'gallery')
) as made (subject, subject_id, kind);
insert into business.business_documents (business_id, kind, media_id)
select media.business_id, 'license', media.id
from files.media
where media.business_id = %(business)s and media.kind = 'license';
insert into business.business_media (business_id, media_id, position)
select media.business_id, media.id, 1
from files.media
where media.business_id = %(business)s and media.subject = 'business' and media.kind = 'gallery';
insert into catalog.service_media (business_id, service_id, media_id, position)
select media.business_id, media.subject_id, media.id, 1
from files.media
where media.business_id = %(business)s and media.subject = 'service';
insert into catalog.resource_media (business_id, resource_id, media_id, position)
select media.business_id, media.subject_id, media.id, 1
from files.media
where media.business_id = %(business)s and media.subject = 'resource';
insert into files.uploads (
    business_id, subject, subject_id, kind, bucket, object_name, file_name, content_type, bytes,
    expires_at
)
values (
    %(business)s, 'business', %(business)s, 'gallery', 'originals', %(business)s || '/u', 'secret',
    'image/png', 1, now() + interval '1 day'
);
insert into files.quotas (business_id, max_bytes, max_number)
values (%(business)s, 1000000, 1000);
insert into business.invitations (business_id, email, role, token_hash, expires_at)
values (%(business)s, 'friend@town.example', 'staff', uuid_send(gen_random_uuid()), now() + interval '1 day');
insert into catalog.calendar_imports (business_id, resource_id, url, requested_at)
values (%(business)s, %(resource)s, 'https://calendar.example/secret.ics', now());
insert into scheduling.calendar_feeds (user_id, business_id, token_hash)
values (%(owner)s, %(business)s, uuid_send(gen_random_uuid()));
with booked as (
    insert into scheduling.bookings (
        business_id, customer_id, reference, status, starts_at, ends_at, time_zone, currency,
        total_minor, quote, policy
    )
    values (
        %(business)s, %(owner)s, scheduling.new_reference(), 'confirmed', '2031-01-03 10:00Z', '2031-01-03 10:30Z',
        'UTC', 'EUR', 100,
        pricing.quote(
            array[pricing.make_line(
                'service', 'Cut', 1, 100, 'EUR', jsonb_build_object('service_id', %(service)s)
            )],
            pricing.for_buyer(pricing.make_terms(), %(business)s, null)
        ),
        '{}'
    )
    returning id, business_id
),

noted as (
    insert into scheduling.booking_notes (business_id, booking_id, body)
    select booked.business_id, booked.id, 'Secret note' from booked
)

insert into scheduling.booking_items (
    business_id, booking_id, position, service_id, resource_id, starts_at, ends_at, duration_minutes,
    price_minor, service_name
)
select
    booked.business_id, booked.id, 1, %(service)s, %(resource)s, '2031-01-03 10:00Z',
    '2031-01-03 10:30Z', 30, 100, 'Cut'
from booked;
insert into scheduling.allocations (
    business_id, booking_id, booking_item_id, resource_id, unit, during, is_blocking
)
select
    booking_items.business_id, booking_items.booking_id, booking_items.id, %(resource)s, 1,
    tstzrange(booking_items.starts_at, booking_items.ends_at), true
from scheduling.booking_items
where booking_items.business_id = %(business)s;
with made as (
    insert into scheduling.sessions (business_id, service_id, resource_id, starts_at, ends_at, capacity)
    values (
        %(business)s, %(service)s, %(resource)s, '2031-01-04 10:00Z', '2031-01-04 10:30Z', 3
    )
    returning id, business_id, capacity
)

insert into scheduling.seats (
    business_id, booking_id, booking_item_id, session_id, number, capacity, is_blocking
)
select
    made.business_id, booking_items.booking_id, booking_items.id, made.id, 1, made.capacity, true
from made
inner join scheduling.booking_items on booking_items.business_id = made.business_id;
insert into scheduling.booking_series (business_id, customer_id, service_id, rrule, first_at, time_zone)
values (%(business)s, %(owner)s, %(service)s, 'FREQ=DAILY;COUNT=2', '2031-01-03 10:00', 'UTC');
insert into scheduling.waitlist_entries (business_id, service_id, customer_id, during, party_size)
values (
    %(business)s, %(service)s, %(owner)s, '[2031-01-03 10:00Z, 2031-01-03 12:00Z)', 1
);
insert into engagement.notification_templates (business_id, event, audience, locale, title, body)
values (%(business)s, 'booking.confirmed', 'customer', 'en', 'Secret', 'Secret');
insert into scheduling.preferred_resources (customer_id, business_id, resource_id)
values (%(owner)s, %(business)s, %(resource)s);
insert into engagement.marketing_consents (user_id, business_id) values (%(owner)s, %(business)s);
with delivered as (
    insert into engagement.notification_deliveries (
        message_id, event, audience, channel, business_id, subject, subject_id, user_id, address, locale,
        data
    )
    values (
        gen_random_uuid(), 'booking.confirmed', 'customer', 'in_app', %(business)s, 'booking',
        gen_random_uuid(), %(owner)s, 'secret', 'en', '{}'
    )
    returning id, business_id, user_id, event
)

insert into engagement.notifications (id, business_id, user_id, event, title, body)
select delivered.id, delivered.business_id, delivered.user_id, delivered.event, 'Secret', 'Secret'
from delivered;
with made as (
    insert into customers.customer_groups (business_id, name)
    values (%(business)s, 'Secret')
    returning id, business_id
)

insert into customers.customer_group_members (business_id, customer_group_id, customer_id)
select made.business_id, made.id, customers.id
from made
inner join customers.customers on customers.business_id = made.business_id;
insert into sales.sale_line_taxes (
    business_id, sale_line_id, component, rate_bps, position, is_compound, base_minor, tax_minor
)
select sale_lines.business_id, sale_lines.id, 'exempt', 0, 1, false, sale_lines.amount_minor, 0
from sales.sale_lines
where sale_lines.business_id = %(business)s;
insert into pricing.tax_settings (business_id) values (%(business)s);
insert into pricing.tax_rules (business_id, country, tax_class, component, rate_bps, during)
values (%(business)s, 'DE', 'standard', 'vat', 1900, '[2030-01-01,)');
insert into pricing.tax_numbers (business_id, country, number)
values (%(business)s, 'DE', 'DE136695976');
with issued as (
    select sales.business_id, money.issue_document('receipt', sales.business_id, sales.id, 0) as id
    from sales.sales
    where sales.business_id = %(business)s
)

insert into money.document_files (
    business_id, document_id, format, object_name, bytes, sha256, created_at
)
select issued.business_id, issued.id, 'pdf', 'secret.pdf', 1, repeat('a', 64), now()
from issued;
insert into business.stores (business_id, name) values (%(business)s, 'Secret store');
with made as (
    insert into pricing.price_lists (business_id, name, currency)
    values (%(business)s, 'Secret prices', 'USD')
    returning id, business_id
)

insert into pricing.price_list_items (business_id, price_list_id, service_id, unit_minor)
select made.business_id, made.id, %(service)s::uuid, 1
from made;
insert into pricing.price_rules (business_id, name, change_bps, is_active)
values (%(business)s, 'Secret rule', 1, false);
with promotion as (
    insert into pricing.promotions (business_id, name, kind, percent_bps)
    values (%(business)s, 'Secret promotion', 'percent', 1)
    returning id, business_id
),

coupon as (
    insert into pricing.coupons (business_id, promotion_id, code)
    select promotion.business_id, promotion.id, 'SECRET'
    from promotion
    returning id, business_id, promotion_id
),

redemption as (
    insert into pricing.coupon_redemptions (
        business_id, promotion_id, coupon_id, currency, amount_minor, redeemed_at
    )
    select coupon.business_id, coupon.promotion_id, coupon.id, 'EUR', 1, now()
    from coupon
    returning id, business_id
)

insert into sales.sale_coupons (business_id, sale_id, redemption_id)
select redemption.business_id, sales.id, redemption.id
from redemption
cross join lateral (
    select sales.id
    from sales.sales
    where sales.business_id = redemption.business_id
    limit 1
) as sales;
insert into sales.sale_line_discounts (
    business_id, sale_line_id, source, bearer, name, amount_minor
)
select sale_lines.business_id, sale_lines.id, 'secret', 'business', 'Secret promotion', 1
from sales.sale_lines
where sale_lines.business_id = %(business)s;
with made as (
    select gen_random_uuid() as id
)

insert into money.gift_cards (
    id, business_id, account_id, currency, amount_minor, code_hash, last4
)
select
    made.id,
    %(business)s,
    money.account('gift_cards', 'EUR', %(business)s, owner_id => made.id),
    'EUR', 1, uuid_send(made.id), 'SECR'
from made;
insert into money.credits (business_id, customer_id, currency, amount_minor, reason)
select customers.business_id, customers.id, 'EUR', 1, 'Secret'
from customers.customers
where customers.business_id = %(business)s
limit 1;
insert into crm.customer_notes (business_id, customer_id, body)
select customers.business_id, customers.id, 'Secret'
from customers.customers
where customers.business_id = %(business)s
limit 1;
insert into crm.customer_tags (business_id, customer_id, tag)
select customers.business_id, customers.id, 'Secret'
from customers.customers
where customers.business_id = %(business)s
limit 1;
insert into crm.note_permissions (business_id, kind) values (%(business)s, 'general');
insert into crm.customer_blocks (business_id, customer_id, reason, blocked_at)
select customers.business_id, customers.id, 'Secret', now()
from customers.customers
where customers.business_id = %(business)s
limit 1;
with talk as (
    insert into crm.conversations (business_id, customer_id, created_at, last_message_at)
    select customers.business_id, customers.id, now(), now()
    from customers.customers
    where customers.business_id = %(business)s
    limit 1
    returning business_id, id
),

mark as (
    insert into crm.message_reads (business_id, conversation_id, user_id, read_at)
    select talk.business_id, talk.id, %(owner)s, now()
    from talk
)

insert into crm.messages (business_id, conversation_id, sender, body, sent_at)
select talk.business_id, talk.id, 'business', 'Secret', now()
from talk;
with sent as (
    select messages.id, messages.business_id
    from crm.messages
    where messages.business_id = %(business)s
    limit 1
),

attached as (
    insert into files.media (
        id, business_id, subject, subject_id, kind, is_public, bucket, object_name, file_name,
        content_type, bytes, sha256, state
    )
    select
        gen_random_uuid(), sent.business_id, 'message', sent.id, 'attachment', false, 'documents',
        sent.business_id || '/secret.png', 'secret.png', 'image/png', 1, repeat('a', 64), 'ready'
    from sent
    returning id, subject_id
)

insert into crm.message_attachments (media_id, message_id, attached_at)
select attached.id, attached.subject_id, now()
from attached;
insert into crm.consent_purposes (business_id, key, wording)
values (%(business)s, 'secret', 'Secret');
insert into crm.consents (business_id, customer_id, purpose, is_given, source, at)
select customers.business_id, customers.id, 'marketing', true, 'paper', now()
from customers.customers
where customers.business_id = %(business)s
limit 1;
insert into scheduling.customer_preferences (business_id, customer_id, service_id, updated_at)
select customers.business_id, customers.id, %(service)s, now()
from customers.customers
where customers.business_id = %(business)s
limit 1;
insert into scheduling.preferred_services (customer_id, business_id, service_id)
values (%(owner)s, %(business)s, %(service)s);
with duplicate as (
    insert into customers.customers (business_id, name)
    values (%(business)s, 'Secret twin')
    returning id, business_id
)

insert into crm.mergers (business_id, customer_id, duplicate_id, merged_at)
select customers.business_id, customers.id, duplicate.id, now()
from customers.customers
inner join duplicate on duplicate.business_id = customers.business_id
where customers.business_id = %(business)s
limit 1;
-- The worker makes the first key when it starts.
do $$
begin
    for attempt in 1 .. 1200 loop
        exit when private.current_secret_key() is not null;
        perform pg_sleep(0.1);
    end loop;
end;
$$;
-- A stack without workers has no key; there the number is not sealed with anything.
insert into private.secret_keys (id, public_key, created_at)
select '0000000000000000', '\x00', '2000-01-01'
where not exists (select from private.secret_keys);
with kept as (
    insert into private.secrets (business_id, secret_key_id, sealed)
    select
        %(business)s,
        secret_keys.id,
        case
            when length(secret_keys.public_key) = 1 then '\x00'
            else extensions.pgp_pub_encrypt('DE89370400440532013000', secret_keys.public_key)
        end
    from private.secret_keys
    where secret_keys.id = private.current_secret_key()
    returning id
)

insert into money.bank_accounts (business_id, currency, holder_name, last4, secret_id, country)
select %(business)s, 'EUR', 'Secret', '3000', kept.id, 'DE'
from kept;
insert into money.payment_settings (business_id) values (%(business)s);
insert into money.payment_ranges (business_id, provider, currency)
values (%(business)s, 'stripe', 'EUR');
insert into money.payment_links (business_id, sale_id, token_hash, expires_at)
select sales.business_id, sales.id, uuid_send(gen_random_uuid()), now() + interval '1 day'
from sales.sales
where sales.business_id = %(business)s;
with paid as (
    insert into money.payments (
        payer_id, provider, currency, amount_minor, to_capture_minor, captured_minor, capture,
        return_url, expires_at, status
    )
    values (%(owner)s, 'sandbox', 'EUR', 100, 100, 100, 'now', '', now(), 'disputed')
    returning id
),

parts as (
    insert into money.payment_parts (
        business_id, sale_id, payment_id, provider, currency, status, amount_minor, captured_minor,
        refunding_minor
    )
    select sales.business_id, sales.id, paid.id, 'sandbox', 'EUR', 'disputed', 100, 100, 10
    from sales.sales
    cross join paid
    where sales.business_id = %(business)s
    returning business_id, sale_id, payment_id
),

refunded as (
    insert into money.refunds (business_id, payment_id, currency, amount_minor, reason)
    select parts.business_id, parts.payment_id, 'EUR', 10, 'Secret'
    from parts
    returning business_id, id
),

lines as (
    insert into money.refund_lines (business_id, refund_id, sale_line_id, amount_minor)
    select refunded.business_id, refunded.id, sale_lines.id, 10
    from refunded
    inner join sales.sale_lines on sale_lines.business_id = refunded.business_id
)

insert into money.disputes (
    business_id, sale_id, payment_id, provider_reference, currency, amount_minor, status, opened_at
)
select parts.business_id, parts.sale_id, parts.payment_id, 'secret', 'EUR', 1, 'open', now()
from parts;
select money.post_capture(payment_parts.payment_id)
from money.payment_parts
where payment_parts.business_id = %(business)s;
select money.post_dispute(disputes, 'sandbox')
from money.disputes
where disputes.business_id = %(business)s;
insert into money.payout_accounts (business_id, currency, provider, provider_reference, status)
values (%(business)s, 'USD', 'sandbox', 'acc_' || %(business)s::text, 'active');
select sales.deliver_lines(sales.business_id, sales.id)
from sales.sales
where sales.business_id = %(business)s;
-- More than the threshold: it waits, and no worker pays it.
select money.take_from_earnings(
    %(business)s::uuid, 'USD', 'cash', -200000, money.account('disputes', 'USD')
);
select money.request_payout(%(business)s::uuid, 'USD');
with category as (
    insert into catalog.product_categories (business_id, name, slug)
    values (%(business)s, 'Secrets', 'secrets')
),

brand as (
    insert into catalog.brands (business_id, name, slug) values (%(business)s, 'Secret', 'secret')
)

insert into catalog.products (business_id, name, slug, currency, is_published)
values (%(business)s, 'Secret oil', 'oil', 'EUR', true);
insert into catalog.product_attributes (business_id, key, name, kind)
values (%(business)s, 'recipe', 'Secret recipe', 'text');
insert into catalog.product_translations (business_id, locale, product_id, name)
select products.business_id, 'fr', products.id, 'Huile secrète'
from catalog.products
where products.business_id = %(business)s;
insert into commerce.product_changes (business_id, product_id, changes, proposed_at)
select products.business_id, products.id, '[{"name": "More secret oil"}]', now()
from catalog.products
where products.business_id = %(business)s;
insert into catalog.product_options (business_id, product_id, name, allowed_values)
select products.business_id, products.id, 'Size', '{S,Set}'
from catalog.products
where products.business_id = %(business)s;
insert into catalog.product_variants (business_id, product_id, sku, options, price_minor)
select products.business_id, products.id, 'OIL', '{"Size": "S"}', 900
from catalog.products
where products.business_id = %(business)s;
with shared as (
    insert into catalog.shared_products (name) values ('Soap of all') returning id
)

insert into catalog.product_listings (business_id, variant_id, shared_product_id)
select product_variants.business_id, product_variants.id, shared.id
from catalog.product_variants
cross join shared
where product_variants.business_id = %(business)s
limit 1;
with bundle as (
    insert into catalog.product_variants (business_id, product_id, sku, options, price_minor)
    select products.business_id, products.id, 'SET', '{"Size": "Set"}', 1600
    from catalog.products
    where products.business_id = %(business)s
    returning business_id, product_id, id
)

insert into catalog.bundle_items (business_id, bundle_variant_id, variant_id, quantity)
select bundle.business_id, bundle.id, product_variants.id, 2
from bundle
inner join catalog.product_variants
    on
        product_variants.business_id = bundle.business_id
        and product_variants.product_id = bundle.product_id;
insert into files.media (
    id, business_id, subject, subject_id, kind, is_public, bucket, object_name, file_name,
    content_type, bytes, sha256, state, public_name
)
select
    gen_random_uuid(), %(business)s, made.subject, made.subject_id, 'gallery', true, 'originals',
    %(business)s || '/' || made.subject, 'secret', 'image/png', 1, repeat('a', 64), 'ready',
    made.subject
from (
    select 'product' as subject, products.id as subject_id
    from catalog.products
    where products.business_id = %(business)s
    union all
    select 'product_variant', product_variants.id
    from catalog.product_variants
    where product_variants.business_id = %(business)s and product_variants.sku = 'OIL'
) as made;
insert into catalog.product_media (business_id, product_id, media_id, position)
select media.business_id, media.subject_id, media.id, 1
from files.media
where media.business_id = %(business)s and media.subject = 'product';
insert into catalog.product_variant_media (business_id, variant_id, media_id, position)
select media.business_id, media.subject_id, media.id, 1
from files.media
where media.business_id = %(business)s and media.subject = 'product_variant';
insert into business.stores (business_id, name)
values (%(business)s, 'Hidden store');
insert into commerce.stock_levels (business_id, store_id, variant_id)
select stores.business_id, stores.id, product_variants.id
from business.stores
inner join catalog.product_variants on product_variants.business_id = stores.business_id
where stores.business_id = %(business)s;
insert into commerce.stock_movements (business_id, store_id, variant_id, quantity, reason, at)
select stock_levels.business_id, stock_levels.store_id, stock_levels.variant_id, 5, 'received', now()
from commerce.stock_levels
where stock_levels.business_id = %(business)s;
insert into commerce.stock_reservations (
    business_id, reservation_id, store_id, variant_id, quantity, expires_at
)
select
    stock_levels.business_id, gen_random_uuid(), stock_levels.store_id, stock_levels.variant_id, 1,
    'infinity'
from commerce.stock_levels
where stock_levels.business_id = %(business)s;
insert into commerce.stock_transfers (business_id, from_store_id, to_store_id, at)
select %(business)s, min(stores.id::text)::uuid, max(stores.id::text)::uuid, now()
from business.stores
where stores.business_id = %(business)s;
insert into content.banners (business_id, place, title)
values (%(business)s, 'business', 'Secret banner');
insert into content.featured_businesses (business_id, ends_at)
values (%(business)s, 'infinity');
insert into content.pages (business_id, slug) values (%(business)s, 'secret');
insert into content.page_versions (page_id, version)
select pages.id, 1
from content.pages
where pages.business_id = %(business)s;
insert into content.page_texts (page_id, version, locale, title, body)
select pages.id, 1, 'en', 'Secret', 'Secret'
from content.pages
where pages.business_id = %(business)s;
update content.page_versions
set published_at = now()
from content.pages
where pages.id = page_versions.page_id and pages.business_id = %(business)s;
insert into catalog.terms (slug) values ('secret') on conflict do nothing;
insert into catalog.terms_versions (slug, version, published_at)
values ('secret', 1, now())
on conflict do nothing;
insert into content.sale_terms (business_id, sale_id, slug, version)
select sales.business_id, sales.id, 'secret', 1
from sales.sales
where sales.business_id = %(business)s;
insert into privacy.requests (kind, state, business_id, created_at, due_at, finished_at)
values ('export', 'done', %(business)s, now(), now(), now());
insert into commerce.wholesale_accounts (
    id, business_id, company_name, country, tax_number, currency, requested_at
)
values (%(business)s, %(business)s, 'Secret company', 'DE', 'DE136695976', 'EUR', now());
insert into commerce.wholesale_buyers (
    business_id, wholesale_account_id, email, role, invited_at
)
values (%(business)s, %(business)s, 'secret@example.com', 'buyer', now());
insert into commerce.wholesale_locations (
    business_id, wholesale_account_id, name, line1, city, country
)
values (%(business)s, %(business)s, 'Secret place', 'Way 1', 'Bonn', 'DE');
insert into commerce.wholesale_order_requests (
    business_id, wholesale_account_id, requested_by, items, currency, total_minor, note,
    requested_at
)
select
    wholesale_accounts.business_id, wholesale_accounts.id, %(owner)s, '[]', 'EUR', 1, 'Secret',
    now()
from commerce.wholesale_accounts
where wholesale_accounts.business_id = %(business)s;
insert into commerce.wholesale_packs (business_id, variant_id, pack_size)
select product_variants.business_id, product_variants.id, 6
from catalog.product_variants
where product_variants.business_id = %(business)s;
insert into commerce.orders (
    id, business_id, sale_id, reference, status, delivery_kind, address, placed_at,
    wholesale_account_id
)
select
    %(business)s, sales.business_id, sales.id, scheduling.new_reference(), 'paid', 'delivery', '{}', now(),
    sales.business_id
from sales.sales
where sales.business_id = %(business)s
limit 1;
insert into commerce.order_items (
    id, business_id, order_id, sale_line_id, variant_id, store_id, sku, name, quantity
)
select
    %(business)s, sale_lines.business_id, %(business)s, sale_lines.id, stock_levels.variant_id,
    stock_levels.store_id, 'SECRET', 'Secret', 1
from sales.sale_lines
inner join commerce.stock_levels on stock_levels.business_id = sale_lines.business_id
where sale_lines.business_id = %(business)s
limit 1;
insert into commerce.stock_movements (
    business_id, store_id, variant_id, quantity, reason, at, unit_cost_minor, lot_code
)
select
    order_items.business_id, order_items.store_id, order_items.variant_id, 1, 'received', now(), 1,
    'SECRET'
from commerce.order_items
where order_items.business_id = %(business)s;
insert into commerce.stock_movements (
    business_id, store_id, variant_id, quantity, reason, at, lot_code
)
select
    order_items.business_id, order_items.store_id, order_items.variant_id, -1, 'sold', now(),
    'SECRET'
from commerce.order_items
where order_items.business_id = %(business)s;
update commerce.stock_lot_movements
set order_id = %(business)s
where
    stock_lot_movements.business_id = %(business)s and stock_lot_movements.quantity < 0;
insert into commerce.wishlist_items (user_id, business_id, variant_id)
select %(owner)s, order_items.business_id, order_items.variant_id
from commerce.order_items
where order_items.business_id = %(business)s;
insert into crm.favorites (user_id, business_id) values (%(owner)s, %(business)s);
insert into business.store_hours (business_id, store_id, weekday, opens_at, closes_at)
select stores.business_id, stores.id, 1, '09:00', '17:00'
from business.stores
where stores.business_id = %(business)s;
insert into commerce.order_changes (business_id, order_id, version, kind, lines, at)
values (%(business)s, %(business)s, 2, 'cancelled', '[]', now());
insert into commerce.order_settings (business_id) values (%(business)s);
insert into commerce.shipments (id, business_id, order_id, status, created_at)
values (%(business)s, %(business)s, %(business)s, 'pending', now());
insert into commerce.shipment_items (business_id, shipment_id, order_item_id, quantity)
values (%(business)s, %(business)s, %(business)s, 1);
insert into commerce.returns (
    id, business_id, order_id, kind, resolution, status, requested_at
)
values (%(business)s, %(business)s, %(business)s, 'return', 'refund', 'requested', now());
insert into commerce.return_items (business_id, return_id, order_item_id, quantity)
values (%(business)s, %(business)s, %(business)s, 1);
insert into commerce.return_replacements (business_id, return_id, variant_id, unit_minor, quantity)
select order_items.business_id, %(business)s, order_items.variant_id, 1, 1
from commerce.order_items
where order_items.business_id = %(business)s;
insert into commerce.markets (business_id, name, currency, locale)
values (%(business)s, 'Secret market', 'EUR', 'de');
insert into commerce.delivery_options (business_id, name, kind, currency)
values (%(business)s, 'Secret post', 'delivery', 'EUR');
with cart as (
    insert into commerce.carts (user_id, currency)
    values (%(owner)s, 'EUR')
    returning id
)

insert into commerce.cart_items (cart_id, business_id, gift_card_minor)
select cart.id, %(business)s, 100
from cart;
insert into memberships.membership_plans (id, business_id, name, access)
values (%(business)s, %(business)s, 'Secret plan', 'secret');
insert into memberships.plan_prices (business_id, plan_id, currency, price_minor)
values (%(business)s, %(business)s, 'EUR', 1);
insert into memberships.plan_services (business_id, plan_id, service_id)
values (%(business)s, %(business)s, %(service)s);
insert into memberships.price_changes (
    business_id, plan_id, currency, price_minor, effective_at, needs_consent, announced_at
)
values (%(business)s, %(business)s, 'EUR', 2, now() + interval '1 year', true, now());
insert into memberships.memberships (
    id, business_id, customer_id, plan_id, currency, price_minor, renews, period_unit,
    period_count, grace_days, time_zone, anchor_at, anchor_number, number, paid_until, due_until,
    joined_at
)
select
    %(business)s, customers.business_id, customers.id, %(business)s, 'EUR', 1, true, 'month', 1, 7,
    'UTC', now(), 1, 1, now(), now(), now()
from customers.customers
where customers.business_id = %(business)s
limit 1;
insert into memberships.membership_periods (
    id, business_id, membership_id, number, plan_id, starts_at, ends_at, price_minor, period_unit,
    period_count
)
values (
    %(business)s, %(business)s, %(business)s, 1, %(business)s, now(), now() + interval '1 month', 1,
    'month', 1
);
insert into memberships.charge_attempts (business_id, period_id, number, payment_id, at)
select parts.business_id, %(business)s, 1, parts.payment_id, now()
from money.payment_parts as parts
where parts.business_id = %(business)s
limit 1;
insert into memberships.gifts (
    business_id, plan_id, sale_id, code_hash, expires_at, created_at
)
select sales.business_id, %(business)s, sales.id, uuid_send(sales.id), now(), now()
from sales.sales
where sales.business_id = %(business)s
limit 1;
insert into customers.allowances (
    business_id, customer_id, source_id, name, during, granted, item_ids, item_units
)
select
    customers.business_id, customers.id, customers.id, 'Secret visits',
    multirange(tstzrange(now(), null)), 1, '{}', '{}'
from customers.customers
where customers.business_id = %(business)s
limit 1;
insert into loyalty.programs (
    business_id, name, currency, earn_points, earn_minor, redeem_points, redeem_minor
)
values (%(business)s, 'Secret points', 'EUR', 1, 100, 1, 1);
insert into loyalty.multipliers (business_id, name, percent)
values (%(business)s, 'Secret spring', 200);
insert into loyalty.accounts (business_id, customer_id)
select customers.business_id, customers.id
from customers.customers
where customers.business_id = %(business)s
limit 1;
insert into loyalty.entries (business_id, customer_id, kind, points, reason, created_at)
select accounts.business_id, accounts.customer_id, 'adjusted', 1, 'Secret present', now()
from loyalty.accounts
where accounts.business_id = %(business)s;
with friend as (
    insert into customers.customers (business_id, name)
    values (%(business)s, 'A secret friend')
    returning business_id, id
)

insert into loyalty.referrals (
    business_id, referrer_id, referred_id, referrer_points, referred_points, created_at
)
select accounts.business_id, accounts.customer_id, friend.id, 1, 1, now()
from loyalty.accounts
inner join friend on accounts.business_id = friend.business_id;
with reviewed as (
    insert into reviews.reviews (
        business_id, booking_id, author_id, rating, locale, status, status_reason, created_at
    )
    select
        bookings.business_id, bookings.id, bookings.customer_id, 1, 'en', 'hidden', 'Secret', now()
    from scheduling.bookings
    where bookings.business_id = %(business)s
    limit 1
    returning id, business_id
),

reported as (
    insert into reviews.review_reports (
        business_id, review_id, reporter_id, is_member, reason, at
    )
    select reviewed.business_id, reviewed.id, %(owner)s, true, 'Secret', now()
    from reviewed
)

insert into reviews.review_versions (
    business_id, review_id, version, rating, sub_ratings, locale, at
)
select reviewed.business_id, reviewed.id, 1, 1, '{}', 'en', now()
from reviewed;
insert into search.synonyms (business_id, terms) values (%(business)s, '{secret,hidden}');
insert into reviews.rating_aspects (business_id, key, name)
values (%(business)s, 'secret', 'Secret');
insert into reviews.reviews (business_id, sale_line_id, rating, locale, status, created_at)
select sale_lines.business_id, sale_lines.id, 1, 'en', 'published', now()
from sales.sale_lines
where sale_lines.business_id = %(business)s
limit 1;
insert into insight.reports (business_id, name, definition)
values (%(business)s, 'Secret report', '{"subject": "bookings", "measures": ["bookings"]}');
insert into identity.api_keys (business_id, name, prefix, scopes)
values (%(business)s, 'Secret till', 'fdk_secret', '{bookings:read}');
with sent as (
    insert into integrations.events (id, business_id, type, subject_id, body)
    values (gen_random_uuid(), %(business)s, 'booking.confirmed', %(service)s, '{}')
    returning id, business_id, position, subject_id
),

endpoints as (
    insert into integrations.webhook_endpoints (business_id, url, events, is_enabled)
    values (%(business)s, 'https://receiver.example', '{*}', false)
    returning id
),

deliveries as (
    insert into integrations.webhook_deliveries (
        business_id, webhook_endpoint_id, event_id, position, subject_id, status
    )
    select sent.business_id, endpoints.id, sent.id, sent.position, sent.subject_id, 'delivered'
    from sent cross join endpoints
    returning business_id, id
)

insert into integrations.webhook_attempts (
    business_id, webhook_delivery_id, attempted_at, duration_ms
)
select deliveries.business_id, deliveries.id, now(), 1 from deliveries;
insert into insight.customer_values (
    business_id, customer_id, counted_on, first_on, last_on, purchases, currency, value_minor
)
select customers.business_id, customers.id, '2031-01-01', '2030-12-01', '2030-12-01', 1, 'EUR', 100
from customers.customers
where customers.business_id = %(business)s
limit 1;
insert into insight.value_models
select fitted.*
from jsonb_populate_record(
    null::insight.value_models,
    '{"fitted_at": "2031-01-01T00:00:00Z", "customers": 60, "r": 0.2, "alpha": 4, "a": 1, "b": 2,
    "p": 6, "q": 4, "v": 15, "test_days": 30, "expected_purchases": 1.5, "actual_purchases": 2,
    "error": 0.1, "naive_error": 0.2}'::jsonb
    || jsonb_build_object('business_id', %(business)s::uuid)
) as fitted;
insert into insight.forecasts (
    business_id, variant_id, made_at, starts_on, expected, method, smoothing_error, naive_error
)
select
    product_variants.business_id, product_variants.id, now(), '2031-01-01', '{1}', 'smoothing', 1, 2
from catalog.product_variants
where product_variants.business_id = %(business)s
limit 1;
insert into insight.supply_terms (business_id, variant_id)
select product_variants.business_id, product_variants.id
from catalog.product_variants
where product_variants.business_id = %(business)s
limit 1;
insert into insight.unusual_days (
    business_id, day, measure, currency, amount, usual, score, announced_at
)
values (%(business)s, '2031-01-01', 'bookings', 'EUR', 1, 10, -6, now());
