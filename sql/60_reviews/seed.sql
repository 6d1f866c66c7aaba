-- The settings, the life of a review, its photos, what people are told of it, and the folding of
-- ratings.
insert into reviews.settings (is_only_row)
values (true)
on conflict do nothing;

insert into reviews.review_transitions (from_status, to_status, is_decision)
values
('pending', 'published', true),
('pending', 'rejected', true),
('published', 'flagged', true),
('published', 'hidden', true),
-- Where moderators publish, an edited review waits for them again.
('published', 'pending', false),
('rejected', 'published', true),
('rejected', 'pending', false),
('flagged', 'published', true),
('flagged', 'rejected', true),
('flagged', 'hidden', true),
('hidden', 'published', true)
on conflict (from_status, to_status) do update set is_decision = excluded.is_decision;

insert into files.kinds (
    subject, name, bucket, is_public, content_types, max_bytes, max_number, widths,
    place_function, attach_function, relation, links
)
values
(
    'review', 'photo', 'originals', true,
    '{image/jpeg,image/png,image/webp,image/avif,image/gif}', 20971520, 5, '{160,640,1280}',
    'reviews.place_of_review', 'reviews.add_photo', 'reviews.reviews', 'reviews.review_media'
)
on conflict do nothing;

insert into private.subjects (name, description, id_key, data_function, readers_function)
values (
    'review', 'A review of a customer', 'review_id', 'reviews.review_data',
    'reviews.review_readers'
)
on conflict (name) do update set
    description = excluded.description,
    id_key = excluded.id_key,
    data_function = excluded.data_function,
    readers_function = excluded.readers_function;

insert into private.routes (topic, queue, actor)
values
('review.%', 'notifications', 'notify'),
('tick.ratings', 'housekeeping', 'fold_ratings')
on conflict do nothing;

insert into private.schedules (name, topic, every)
values
('ratings', 'tick.ratings', '1 minute')
on conflict (name) do update set topic = excluded.topic;
