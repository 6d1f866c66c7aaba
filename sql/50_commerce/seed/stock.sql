-- What people are told of stock, and of wishlists.
insert into private.subjects (name, description, id_key, data_function, readers_function)
values
(
    'stock', 'A variant in a store', 'variant_id', 'commerce.stock_data', 'commerce.stock_readers'
),
(
    'wishlist', 'An item of a wishlist', 'wishlist_item_id', 'commerce.wishlist_data',
    'commerce.wishlist_readers'
)
on conflict (name) do update set
    description = excluded.description,
    id_key = excluded.id_key,
    data_function = excluded.data_function,
    readers_function = excluded.readers_function;
