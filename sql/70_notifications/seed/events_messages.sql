-- What is told of messages between businesses and customers. The domain crm registers the subject.

insert into engagement.variables (subject, name, type, description)
values
('message', 'customer_name', 'text', 'Name of the customer'),
('message', 'business_name', 'text', 'Name of the business'),
('message', 'body', 'text', 'What was written')
on conflict (subject, name) do update
    set type = excluded.type, description = excluded.description;

insert into engagement.events (
    name, subject, description, is_mandatory, is_marketing, condition
)
values
('message.sent', 'message', 'Somebody wrote a message', false, false, null)
on conflict (name) do update
    set
        description = excluded.description,
        is_mandatory = excluded.is_mandatory,
        is_marketing = excluded.is_marketing,
        condition = excluded.condition;

insert into engagement.notices (event, audience, channels)
values
('message.sent', 'customer', '{mail,push,in_app}'),
('message.sent', 'business', '{mail,push,in_app}')
on conflict (event, audience) do nothing;
