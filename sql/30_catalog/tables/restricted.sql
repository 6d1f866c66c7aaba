-- What only some customers see and buy: a service or a product may ask for an entitlement, a word
-- such as gold_member (customers.entitlements). Null: everybody sees it.

alter table catalog.services
add column access text,
add constraint services_access_is_a_word check (
    access is null
    or access ~ '^[a-z][a-z0-9_]{0,39}$'
    or private.invalid('access', 'must be a lower-case word of at most 40 characters')
);

alter table catalog.products
add column access text,
add constraint products_access_is_a_word check (
    access is null
    or access ~ '^[a-z][a-z0-9_]{0,39}$'
    or private.invalid('access', 'must be a lower-case word of at most 40 characters')
);
