-- The platform's texts about stock. channel null: for every channel that has no text of its own.
insert into engagement.notification_templates (event, audience, channel, locale, title, body)
values
(
    'stock.low', 'business', null, 'en', '{{sku}} runs low in {{store_name}}',
    '{{business_name}} has {{on_hand}} pieces of {{product_name}} ({{sku}}) left in {{store_name}}.'
),
(
    'stock.low', 'business', null, 'de', '{{sku}} wird knapp in {{store_name}}',
    '{{business_name}} hat noch {{on_hand}} Stück von {{product_name}} ({{sku}}) in {{store_name}}.'
),
(
    'wishlist.in_stock', 'customer', null, 'en', '{{product_name}} is in stock again',
    'Hello {{customer_name}},

{{product_name}} from your wishlist is in stock at {{business_name}} again.'
),
(
    'wishlist.in_stock', 'customer', null, 'de', '{{product_name}} ist wieder da',
    'Guten Tag {{customer_name}},

{{product_name}} von Ihrer Wunschliste ist bei {{business_name}} wieder vorrätig.'
)
on conflict (business_id, event, audience, channel, locale) do nothing;
