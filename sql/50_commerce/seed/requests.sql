-- What people are told of things that wait for a decision, by which functions.
insert into private.subjects (name, description, id_key, data_function, readers_function)
values
(
    'product_change', 'A proposed change of a product', 'product_change_id',
    'commerce.product_change_data', 'commerce.product_change_readers'
),
(
    'order_request', 'What a buyer asks the approvers of a company to order', 'order_request_id',
    'commerce.order_request_data', 'commerce.order_request_readers'
)
on conflict (name) do update set
    description = excluded.description,
    id_key = excluded.id_key,
    data_function = excluded.data_function,
    readers_function = excluded.readers_function;
