-- Conversations of a business with its customers.

create view public.conversations
with (security_invoker = true)
as
select
    conversations.id,
    conversations.business_id,
    conversations.customer_id,
    conversations.booking_id,
    conversations.order_id,
    conversations.created_at,
    conversations.last_message_at,
    (
        select count(*)
        from crm.messages
        where
            messages.business_id = conversations.business_id
            and messages.conversation_id = conversations.id
            and messages.author_id is distinct from (select auth.uid())
            and messages.sent_at > coalesce(
                (
                    select message_reads.read_at
                    from crm.message_reads
                    where
                        message_reads.business_id = conversations.business_id
                        and message_reads.conversation_id = conversations.id
                        and message_reads.user_id = (select auth.uid())
                ),
                '-infinity'
            )
    ) as unread_count
from crm.conversations;
grant select on public.conversations to authenticated, service_role;

comment on view public.conversations is
'Conversations of a business with its customers: one for each booking or order, and one about '
'nothing of these. Customers read theirs, members who serve customers those of their business. '
'Page by (last_message_at, id).';
comment on column public.conversations.id is 'Key.';
comment on column public.conversations.business_id is 'The business.';
comment on column public.conversations.customer_id is 'The customer.';
comment on column public.conversations.booking_id is 'The booking that it is about, or null.';
comment on column public.conversations.order_id is 'The order that it is about, or null.';
comment on column public.conversations.created_at is 'When the first message was sent.';
comment on column public.conversations.last_message_at is 'When the latest message was sent.';
comment on column public.conversations.unread_count is
'How many messages of others the caller has not read yet.';

create view public.messages
with (security_invoker = true)
as
select
    messages.id,
    messages.business_id,
    messages.conversation_id,
    messages.sender,
    messages.author_id,
    messages.body,
    messages.sent_at
from crm.messages;
grant select on public.messages to authenticated, service_role;

comment on view public.messages is
'What was written in conversations. Only ever added to, by start_conversation and send_message. '
'Read like their conversation. Page by (sent_at, id).';
comment on column public.messages.id is 'Key.';
comment on column public.messages.business_id is 'The business.';
comment on column public.messages.conversation_id is 'The conversation.';
comment on column public.messages.sender is 'customer or business.';
comment on column public.messages.author_id is
'The user who wrote it; null once their account is gone.';
comment on column public.messages.body is '1 to 5000 characters.';
comment on column public.messages.sent_at is 'When it was sent.';

create view public.message_reads
with (security_invoker = true)
as
select
    message_reads.business_id,
    message_reads.conversation_id,
    message_reads.user_id,
    message_reads.read_at
from crm.message_reads;
grant select on public.message_reads to authenticated, service_role;

comment on view public.message_reads is
'Until when somebody has read a conversation. Both sides see the marks of both; read_conversation '
'sets one.';
comment on column public.message_reads.business_id is 'The business.';
comment on column public.message_reads.conversation_id is 'The conversation.';
comment on column public.message_reads.user_id is 'Who has read it.';
comment on column public.message_reads.read_at is 'What was sent until then is read.';

create view public.message_attachments
with (security_invoker = true)
as
select
    message_attachments.media_id,
    message_attachments.message_id,
    message_attachments.attached_at
from crm.message_attachments;
grant select on public.message_attachments to authenticated, service_role;

comment on view public.message_attachments is
'Files that were sent with messages, once a worker has looked into them. Both sides of the '
'conversation read them. The author adds them for an hour: create_upload for message:ID, kind '
'attachment, at most five.';
comment on column public.message_attachments.media_id is
'The file. Its bucket and object_name in the view media are for a signed link to it.';
comment on column public.message_attachments.message_id is 'The message.';
comment on column public.message_attachments.attached_at is 'When it was sent.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden customer_blocked
 *          PT404 not_found
 */
create function public.start_conversation(
    business_id public.identifier,
    body text,
    customer_id public.identifier default null,
    booking_id public.identifier default null,
    order_id public.identifier default null
)
returns public.conversations
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_conversation public.conversations;
    v_id uuid;
begin
    if num_nonnulls(start_conversation.booking_id, start_conversation.order_id) > 1 then
        perform private.invalid('order_id', 'must not be sent with booking_id');
    end if;
    v_id = crm.start_conversation(
        private.to_identifier(start_conversation.business_id, 'business_id'),
        private.to_identifier(start_conversation.customer_id, 'customer_id', is_required => false),
        private.to_identifier(start_conversation.booking_id, 'booking_id', is_required => false),
        private.to_identifier(start_conversation.order_id, 'order_id', is_required => false),
        private.to_required_text(start_conversation.body, 'body', 5000)
    );
    select conversations.* into v_conversation
    from public.conversations
    where conversations.id = v_id;
    return v_conversation;
end;
$$;
grant execute on function public.start_conversation(
    public.identifier, text, public.identifier, public.identifier, public.identifier
)
to anon, authenticated, service_role;

comment on function public.start_conversation is
'Write to a business, or from a business to one of its customers. Returns the conversation: there '
'is one for each booking or order, so a further call about the same adds a message to it. The '
'other side is told.

- business_id: the business.
- body: 1 to 5000 characters.
- customer_id: the customer, for members who write for the business; without it the caller '
'writes as a customer.
- booking_id, order_id: what it is about; at most one of them.

Errors: customer_blocked 403, forbidden 403, invalid_input 400, not_found 404, not_signed_in 401.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 customer_blocked · PT404 not_found
 */
create function public.send_message(conversation_id public.identifier, body text)
returns public.messages
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_message public.messages;
    v_id uuid = crm.send_message(
        private.to_identifier(send_message.conversation_id, 'conversation_id'),
        private.to_required_text(send_message.body, 'body', 5000)
    );
begin
    select messages.* into v_message from public.messages where messages.id = v_id;
    return v_message;
end;
$$;
grant execute on function public.send_message(public.identifier, text)
to anon, authenticated, service_role;

comment on function public.send_message is
'Answer in a conversation. Returns the message. The other side is told.

- conversation_id: the conversation, of the caller or of a business whose customers they serve.
- body: 1 to 5000 characters.

Errors: customer_blocked 403, invalid_input 400, not_found 404, not_signed_in 401.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.read_conversation(conversation_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform crm.read_conversation(
        private.to_identifier(read_conversation.conversation_id, 'conversation_id')
    );
end;
$$;
grant execute on function public.read_conversation(public.identifier)
to anon, authenticated, service_role;

comment on function public.read_conversation is
'Mark what was written in a conversation until now as read by the caller.

- conversation_id: the conversation.

Errors: invalid_input 400, not_found 404, not_signed_in 401.';
