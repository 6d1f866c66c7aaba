-- Goods: the first business of each kind sells a few things for at home, with attributes, a
-- translation and a gift set, and has some of each in its store.
create temporary table demo_shops on commit drop as
select demo_businesses.id, demo_businesses.n, demo_businesses.currency, demo_businesses.unit
from demo_businesses
where demo_businesses.n < 8;

insert into catalog.product_categories (id, business_id, parent_id, name, slug)
select
    pg_temp.key('category ' || categories.slug || demo_shops.n),
    demo_shops.id,
    pg_temp.key('category ' || categories.parent || demo_shops.n),
    categories.name,
    categories.slug
from demo_shops
cross join (
    values
    (1, null, 'At home', 'at-home'), (2, 'at-home', 'Care', 'care'),
    (2, 'at-home', 'Tools', 'tools')
) as categories (depth, parent, name, slug)
order by categories.depth;

insert into catalog.brands (id, business_id, name, slug)
select pg_temp.key('brand ' || demo_shops.n), demo_shops.id, 'Bear & Fox', 'bear-fox'
from demo_shops;

insert into catalog.product_attributes (
    id, business_id, category_id, key, name, kind, unit, choices, position
)
select
    pg_temp.key('attribute ' || attributes.key || demo_shops.n),
    demo_shops.id,
    pg_temp.key('category ' || attributes.category || demo_shops.n),
    attributes.key,
    attributes.name,
    attributes.kind::catalog.attribute_kind,
    attributes.unit,
    attributes.choices::text[],
    attributes.position
from demo_shops
cross join (
    values
    ('at-home', 'vegan', 'Vegan', 'yes_no', null, '{}', 1),
    ('care', 'scent', 'Scent', 'choice', null, '{rose,cedar,none}', 2),
    ('tools', 'length', 'Length', 'number', 'cm', '{}', 3)
) as attributes (category, key, name, kind, unit, choices, position);

insert into catalog.products (
    id, business_id, category_id, brand_id, name, slug, description, currency, is_published,
    attributes, position
)
select
    pg_temp.key('product ' || goods.slug || demo_shops.n),
    demo_shops.id,
    pg_temp.key('category ' || goods.category || demo_shops.n),
    pg_temp.key('brand ' || demo_shops.n),
    goods.name,
    goods.slug,
    goods.description,
    demo_shops.currency,
    true,
    goods.attributes::jsonb,
    goods.position
from demo_shops
cross join (
    values
    ('care', 'Rose oil', 'rose-oil', 'A few drops after the bath.', '{"vegan": true, "scent": "rose"}', 1),
    ('care', 'Hand cream', 'hand-cream', 'For every day.', '{"vegan": false, "scent": "cedar"}', 2),
    ('tools', 'Wooden brush', 'brush', 'Of beech.', '{"vegan": true, "length": 22.5}', 3),
    ('at-home', 'Gift set', 'gift-set', 'The oil and the brush in a box.', '{}', 4)
) as goods (category, name, slug, description, attributes, position);

insert into catalog.product_options (id, business_id, product_id, name, allowed_values)
select
    pg_temp.key('option ' || demo_shops.n),
    demo_shops.id,
    pg_temp.key('product rose-oil' || demo_shops.n),
    'Size',
    '{50 ml,100 ml}'
from demo_shops;

insert into catalog.product_variants (
    id, business_id, product_id, sku, options, price_minor, weight_grams
)
select
    pg_temp.key('variant ' || variants.sku || demo_shops.n),
    demo_shops.id,
    pg_temp.key('product ' || variants.product || demo_shops.n),
    variants.sku,
    variants.options::jsonb,
    round(variants.price * demo_shops.unit),
    variants.grams
from demo_shops
cross join (
    values
    ('rose-oil', 'OIL-50', '{"Size": "50 ml"}', 12, 80),
    ('rose-oil', 'OIL-100', '{"Size": "100 ml"}', 20, 150),
    ('hand-cream', 'CREAM', '{}', 9, 120),
    ('brush', 'BRUSH', '{}', 16, 90),
    ('gift-set', 'GIFT', '{}', 25, 220)
) as variants (product, sku, options, price, grams);

insert into catalog.bundle_items (business_id, bundle_variant_id, variant_id, quantity)
select
    demo_shops.id,
    pg_temp.key('variant GIFT' || demo_shops.n),
    pg_temp.key('variant ' || parts.sku || demo_shops.n),
    1
from demo_shops
cross join (values ('OIL-50'), ('BRUSH')) as parts (sku);

insert into catalog.product_translations (id, business_id, locale, product_id, name, description)
select
    pg_temp.key('translation ' || texts.slug || demo_shops.n),
    demo_shops.id,
    'de',
    pg_temp.key('product ' || texts.slug || demo_shops.n),
    texts.name,
    texts.description
from demo_shops
cross join (
    values
    ('rose-oil', 'Rosenöl', 'Einige Tropfen nach dem Bad.'),
    ('hand-cream', 'Handcreme', 'Für jeden Tag.'),
    ('brush', 'Holzbürste', 'Aus Buche.'),
    ('gift-set', 'Geschenkset', 'Das Öl und die Bürste in einer Schachtel.')
) as texts (slug, name, description);

insert into business.stores (id, business_id, name)
select pg_temp.key('store ' || demo_shops.n), demo_shops.id, 'Shop'
from demo_shops;

insert into commerce.stock_levels (business_id, store_id, variant_id, alert_threshold)
select product_variants.business_id, pg_temp.key('store ' || demo_shops.n), product_variants.id, 3
from demo_shops
inner join catalog.product_variants on product_variants.business_id = demo_shops.id
where product_variants.sku <> 'GIFT';

insert into commerce.stock_movements (
    id, business_id, store_id, variant_id, quantity, reason, at
)
select
    pg_temp.key('received ' || stock_levels.variant_id),
    stock_levels.business_id,
    stock_levels.store_id,
    stock_levels.variant_id,
    25,
    'received',
    demo_size.founded_at
from commerce.stock_levels
inner join demo_shops on demo_shops.id = stock_levels.business_id
cross join demo_size;
