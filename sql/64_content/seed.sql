-- The settings, and the hourly count of what is trending.
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
