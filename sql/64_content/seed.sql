-- The settings, the pictures of banners, the hourly count of what is trending, and how long data
-- are kept.
insert into content.settings (is_only_row)
values (true)
on conflict do nothing;

insert into private.routes (topic, queue, actor)
values
('tick.trending', 'housekeeping', 'count_trending')
on conflict do nothing;

insert into private.schedules (name, topic, every)
values
('trending', 'tick.trending', '1 hour')
on conflict (name) do update set topic = excluded.topic;

insert into files.kinds (
    subject, name, bucket, is_public, content_types, max_bytes, max_number, widths,
    place_function, attach_function, relation, links
)
values
(
    'banner', 'picture', 'originals', true,
    '{image/jpeg,image/png,image/webp,image/avif,image/gif}', 20971520, 1, '{640,1280,2560}',
    'content.place_of_banner', 'content.add_banner_picture', 'content.banners',
    'content.banner_media'
)
on conflict do nothing;

insert into privacy.settings (is_only_row)
values (true)
on conflict do nothing;

do $$
begin
    if to_regclass('storage.buckets') is not null then
        insert into storage.buckets (id, name, public, allowed_mime_types)
        values ('exports', 'exports', false, '{application/json}')
        on conflict (id) do nothing;
    end if;
end;
$$;

insert into privacy.retention_rules (relation, counted_from, keep, action, reason)
values
('engagement.notifications', 'created_at', '400 days', 'delete', 'People look back a year.'),
(
    'engagement.notification_deliveries', 'created_at', '400 days', 'erase',
    'Proof that somebody was told; figures of deliveries need the row alone.'
),
('identity.devices', 'last_seen_at', '400 days', 'delete', 'A device that is not used any more.'),
('business.invitations', 'created_at', '400 days', 'delete', 'Nobody can accept it any more.'),
(
    'scheduling.bookings', 'ends_at', '10 years', 'erase',
    'The business may have to show whom it served, as long as its books are kept.'
),
(
    'scheduling.booking_items', 'ends_at', '10 years', 'erase',
    'Answers belong to the booking.'
),
(
    'scheduling.booking_notes', 'created_at', '10 years', 'delete',
    'Notes belong to the booking.'
),
(
    'money.documents', 'issued_at', '10 years', 'erase',
    'Invoices and receipts name their buyer, and books are kept ten years.'
),
(
    'money.provider_events', 'received_at', '90 days', 'erase',
    'A payment that turns up late is known by then; what follows from an event has columns.'
),
('sales.sales', 'placed_at', '10 years', 'erase', 'Books of a business are kept ten years.'),
(
    'catalog.terms_acceptances', 'accepted_at', '10 years', 'erase',
    'Proof of what was agreed, as long as somebody may claim something.'
),
('privacy.requests', 'finished_at', '3 years', 'delete', 'Proof that the request was fulfilled.')
on conflict do nothing;

insert into private.queues (name, purpose)
values
('privacy', 'Exports and erasures to do')
on conflict (name) do update set purpose = excluded.purpose;

insert into private.routes (topic, queue, actor)
values
('privacy.requested', 'privacy', 'fulfil_privacy_request'),
('tick.privacy', 'privacy', 'fulfil_due_requests'),
('tick.retention', 'privacy', 'apply_retention')
on conflict do nothing;

insert into private.schedules (name, topic, every)
values
('privacy', 'tick.privacy', '10 minutes'),
('retention', 'tick.retention', '1 day')
on conflict (name) do update set topic = excluded.topic;

insert into crm.merge_rules (relation, column_name, action, reason)
values
(
    'privacy.requests', 'customer_id', 'keep',
    'A request is about whom it was made about.'
)
on conflict do nothing;
