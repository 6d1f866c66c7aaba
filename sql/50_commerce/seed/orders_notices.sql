-- What people are told of an order, by which functions.
insert into private.subjects (
    name, description, id_key, data_function, readers_function, claim_function
)
values (
    'order', 'An order of goods from a business', 'order_id', 'commerce.order_data',
    'commerce.order_readers', 'commerce.claim_order_messages'
)
on conflict (name) do update set
    description = excluded.description,
    id_key = excluded.id_key,
    data_function = excluded.data_function,
    readers_function = excluded.readers_function,
    claim_function = excluded.claim_function;
