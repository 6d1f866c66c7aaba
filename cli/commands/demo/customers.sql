-- Customers: what the businesses know about some of theirs, and what they wrote to each other.
create temporary table demo_known on commit drop as
select
    customers.business_id,
    customers.id as customer_id,
    customers.user_id,
    row_number() over (
        partition by customers.business_id order by customers.email, customers.name
    ) as n
from customers.customers
inner join demo_businesses on demo_businesses.id = customers.business_id;

insert into crm.customer_notes (id, business_id, customer_id, kind, body, created_at, updated_at)
select
    pg_temp.key('customer note ' || demo_known.business_id || ' ' || demo_known.n),
    demo_known.business_id,
    demo_known.customer_id,
    notes.kind::crm.note_kind,
    notes.body,
    demo_size.monday,
    demo_size.monday
from demo_known
cross join demo_size
inner join (
    values
    (1, 'allergy', 'Allergic to latex.'),
    (2, 'preference', 'Likes a seat at the window, and no music.'),
    (3, 'restriction', 'Not before ten o''clock.'),
    (4, 'general', 'Comes with a dog.')
) as notes (n, kind, body) on notes.n = demo_known.n;

insert into crm.customer_tags (business_id, customer_id, tag, created_at)
select demo_known.business_id, demo_known.customer_id, 'Regular', demo_size.monday
from demo_known
cross join demo_size
where demo_known.n <= 5;

insert into crm.conversations (id, business_id, customer_id, created_at, last_message_at)
select
    pg_temp.key('conversation ' || demo_known.business_id),
    demo_known.business_id,
    demo_known.customer_id,
    demo_size.monday,
    demo_size.monday + interval '10 minutes'
from demo_known
cross join demo_size
where demo_known.n = 1;

insert into crm.messages (id, business_id, conversation_id, sender, body, sent_at)
select
    pg_temp.key('message ' || conversations.id || ' ' || said.n),
    conversations.business_id,
    conversations.id,
    said.sender::crm.side,
    said.body,
    conversations.created_at + said.n * interval '5 minutes'
from demo_businesses
inner join crm.conversations on conversations.business_id = demo_businesses.id
inner join (
    values
    (1, 'customer', 'Hello! May I bring my dog?'),
    (2, 'business', 'Of course, we are looking forward to you both.')
) as said (n, sender, body) on true;
