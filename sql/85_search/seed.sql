-- The windows of popular and trending, and the hourly count of sales.
insert into search.settings (is_only_row) values (true)
on conflict do nothing;

insert into private.routes (topic, queue, actor)
values
('tick.recommendations', 'housekeeping', 'count_sales')
on conflict do nothing;

insert into private.schedules (name, topic, every)
values
('recommendations', 'tick.recommendations', '1 hour')
on conflict (name) do update set topic = excluded.topic;
