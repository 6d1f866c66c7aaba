-- Both sides read a conversation: the customer theirs, members who serve customers those of their
-- business. Everything is written through functions.

alter table crm.conversations enable row level security;
alter table crm.messages enable row level security;
alter table crm.message_reads enable row level security;
alter table crm.message_attachments enable row level security;
grant select
on crm.conversations, crm.messages, crm.message_reads, crm.message_attachments
to authenticated;
grant select, insert, update, delete
on crm.conversations, crm.messages, crm.message_reads, crm.message_attachments
to service_role;

create policy conversations_select
on crm.conversations
for select
to authenticated
using (
    customer_id = any(array(select customers.mine()))
    or business_id = any(array(select private.my_businesses('serve')))
);

-- The policy of conversations applies inside.
create policy messages_select
on crm.messages
for select
to authenticated
using (
    exists (
        select 1
        from crm.conversations
        where
            conversations.business_id = messages.business_id
            and conversations.id = messages.conversation_id
    )
);

create policy message_reads_select
on crm.message_reads
for select
to authenticated
using (
    exists (
        select 1
        from crm.conversations
        where
            conversations.business_id = message_reads.business_id
            and conversations.id = message_reads.conversation_id
    )
);

-- The policy of messages applies inside. Nobody opens a file that no worker has looked into.
create policy message_attachments_select
on crm.message_attachments
for select
to authenticated
using (
    exists (
        select 1
        from crm.messages
        where messages.id = message_attachments.message_id
    )
    and (select crm.is_fit(media_id))
);

grant execute on function
crm.is_fit(uuid),
crm.start_conversation(uuid, uuid, uuid, uuid, text),
crm.send_message(uuid, text),
crm.read_conversation(uuid)
to anon, authenticated, service_role;
