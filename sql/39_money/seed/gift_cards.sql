-- What people are told of gift cards, and when they are looked at.
insert into private.subjects (name, description, id_key, data_function, readers_function)
values (
    'gift_card', 'A gift card that somebody bought', 'gift_card_id', 'money.gift_card_data',
    'money.gift_card_readers'
)
on conflict (name) do update set
    description = excluded.description,
    id_key = excluded.id_key,
    data_function = excluded.data_function,
    readers_function = excluded.readers_function;
