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
('outlook.due', 'analytics', 'value_customers')
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
