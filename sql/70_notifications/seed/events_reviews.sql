-- What is told of reviews, to whom, and on which channels. The domain of reviews registers the
-- subject.

insert into engagement.variables (subject, name, type, description)
values
('review', 'business_name', 'text', 'Name of the business'),
('review', 'author_name', 'text', 'Display name of the author; may be empty'),
('review', 'about', 'text', 'The services or the product'),
('review', 'rating', 'whole_number', 'Rating from 1 to 5'),
('review', 'body', 'text', 'Text of the review; may be empty'),
('review', 'reply', 'text', 'Reply of the business; may be empty'),
('review', 'reason', 'text', 'Why it was rejected or hidden; may be empty')
on conflict (subject, name) do update
    set type = excluded.type, description = excluded.description;

insert into engagement.events (
    name, subject, description, is_mandatory, is_marketing, condition
)
values
('review.received', 'review', 'A review is public for the first time', false, false, null),
('review.replied', 'review', 'The business replied to a review', false, false, null),
('review.rejected', 'review', 'A moderator rejected a review', true, false, null),
('review.hidden', 'review', 'A moderator hid a review', true, false, null)
on conflict (name) do update
    set
        description = excluded.description,
        is_mandatory = excluded.is_mandatory,
        is_marketing = excluded.is_marketing,
        condition = excluded.condition;

-- The mail after a visit has a link by which its reader reviews the booking without signing in.
update engagement.events
set link_function = 'reviews.invitation_path'
where events.name = 'booking.completed' and events.link_function is null;

insert into engagement.notices (event, audience, channels)
values
('review.received', 'business', '{mail,in_app}'),
('review.replied', 'customer', '{mail,in_app}'),
('review.rejected', 'customer', '{mail,in_app}'),
('review.hidden', 'customer', '{mail,in_app}')
on conflict (event, audience) do nothing;
