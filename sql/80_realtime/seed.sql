-- Everything that clients hear of at once, and all that is said of it: ids, steps and instants,
-- which whoever may hear the topic may read. No text that people wrote is sent, because messages
-- are kept for three days beside the tables. docs/realtime.md shows this list.
insert into private.broadcasts (topic, audience, id_key, keys)
values
('booking.%', 'booking', 'booking_id', array[
    'booking_id', 'business_id', 'booking_item_id', 'from_status', 'to_status', 'from_starts_at',
    'to_starts_at', 'actor'
]),
('booking.%', 'business', 'business_id', array[
    'booking_id', 'business_id', 'booking_item_id', 'from_status', 'to_status', 'from_starts_at',
    'to_starts_at', 'actor'
]),
('order.%', 'order', 'order_id', array['order_id', 'business_id', 'status', 'actor']),
('order.%', 'business', 'business_id', array['order_id', 'business_id', 'status', 'actor']),
('stock.low', 'business', 'business_id', array[
    'business_id', 'store_id', 'variant_id', 'on_hand'
]),
('wholesale.%', 'business', 'business_id', array['wholesale_account_id', 'business_id']),
('notification.created', 'user', 'user_id', array[
    'notification_id', 'business_id', 'event', 'subject', 'subject_id'
])
on conflict (topic, audience) do update set
    id_key = excluded.id_key,
    keys = excluded.keys;
