-- What people are told of memberships, gifts and points, by which functions.
insert into private.subjects (
    name, description, id_key, data_function, readers_function
)
values
(
    'membership', 'A membership of a customer of a business', 'membership_id',
    'memberships.membership_data', 'memberships.membership_readers'
),
(
    'gift', 'A plan that somebody bought for somebody else', 'gift_id', 'memberships.gift_data',
    'memberships.gift_readers'
),
(
    'points', 'Points of a customer that expire at once', 'lot_id', 'loyalty.points_data',
    'loyalty.points_readers'
)
on conflict (name) do update set
    description = excluded.description,
    id_key = excluded.id_key,
    data_function = excluded.data_function,
    readers_function = excluded.readers_function;
