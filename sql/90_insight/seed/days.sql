-- The queue of figures, and how often days are counted again.
insert into private.queues (name, purpose)
values
('analytics', 'Days to count again')
on conflict (name) do update set purpose = excluded.purpose;

insert into private.routes (topic, queue, actor)
values
('tick.days', 'analytics', 'refresh_days'),
('tick.past_days', 'analytics', 'note_past_days')
on conflict do nothing;

insert into private.schedules (name, topic, every)
values
('days', 'tick.days', '15 seconds'),
('past_days', 'tick.past_days', '1 hour')
on conflict (name) do update set topic = excluded.topic;

-- Once a day the customers of each business are counted and valued.
insert into private.routes (topic, queue, actor)
values
('tick.outlooks', 'analytics', 'announce_outlooks'),
('outlook.due', 'analytics', 'value_customers'),
('outlook.due', 'analytics', 'forecast_demand'),
('tick.past_days', 'analytics', 'announce_unusual_days'),
('day.unusual', 'notifications', 'notify')
on conflict do nothing;

insert into private.schedules (name, topic, every)
values ('outlooks', 'tick.outlooks', '1 day')
on conflict (name) do update set topic = excluded.topic;

insert into crm.merge_rules (relation, column_name, action, reason)
values
(
    'insight.customer_values', 'customer_id', 'keep',
    'Counted again from sales every day, for the customer who stays.'
)
on conflict do nothing;

-- What people are told of an unusual day.
insert into private.subjects (name, description, id_key, data_function, readers_function)
values
(
    'day', 'A day of a business', 'business_id', 'insight.day_data', 'insight.day_readers'
)
on conflict (name) do update set
    description = excluded.description,
    id_key = excluded.id_key,
    data_function = excluded.data_function,
    readers_function = excluded.readers_function;

insert into engagement.variables (subject, name, type, description)
values
('day', 'business_name', 'text', 'Name of the business'),
('day', 'day', 'text', 'The date'),
('day', 'figures', 'whole_number', 'How many figures were unusual')
on conflict (subject, name) do update
    set type = excluded.type, description = excluded.description;

insert into engagement.events (
    name, subject, description, is_mandatory, is_marketing, condition
)
values
('day.unusual', 'day', 'A day was unlike the same weekday before', false, false, null)
on conflict (name) do update
    set
        description = excluded.description,
        is_mandatory = excluded.is_mandatory,
        is_marketing = excluded.is_marketing,
        condition = excluded.condition;

insert into engagement.notices (event, audience, channels)
values ('day.unusual', 'business', '{mail,in_app}')
on conflict (event, audience) do nothing;

insert into engagement.notification_templates (event, audience, channel, locale, title, body)
values
(
    'day.unusual', 'business', null, 'en', '{{day}} was an unusual day',
    '{{figures}} figures of {{business_name}} on {{day}} are far from those of the same weekday '
    'before. Your dashboard shows them.'
),
(
    'day.unusual', 'business', null, 'de', 'Der {{day}} war ein ungewöhnlicher Tag',
    '{{figures}} Zahlen von {{business_name}} vom {{day}} weichen stark von denen desselben '
    'Wochentags zuvor ab. Ihre Übersicht zeigt sie.'
)
on conflict (business_id, event, audience, channel, locale) do nothing;
