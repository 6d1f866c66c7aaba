-- The types of events that others are told of: those that people are told of, but for what concerns
-- accounts, reminders, conversations and offers.

insert into integrations.event_types (name, subject, description)
select
    events.name,
    events.subject,
    events.description
from engagement.events
where
    events.subject in (
        'booking', 'waitlist', 'order', 'stock', 'wholesale', 'membership', 'gift', 'gift_card',
        'review'
    )
    and events.name not like 'reminder.%'
on conflict (name) do update set
    subject = excluded.subject,
    description = excluded.description;

insert into integrations.event_types (name, description)
values ('webhook.test', 'Somebody tests the endpoint')
on conflict (name) do update set description = excluded.description;

insert into private.queues (name, purpose)
values ('webhooks', 'Events to publish to the webhooks and the feed of businesses')
on conflict (name) do update set purpose = excluded.purpose;

insert into private.routes (topic, queue, actor)
select distinct
    split_part(event_types.name, '.', 1) || '.%' as topic,
    'webhooks' as queue,
    'publish_events' as actor
from integrations.event_types
where event_types.subject is not null
on conflict do nothing;
