-- Files of messages. They belong to whoever writes: the business, or the customer's account. Both
-- sides of the conversation read a file once a worker has looked into it.

/*
 * Return the place of the files of a message: the side of its author, who may add some for an hour.
 * Definer: a message of somebody else and an absent one get the same answer.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function crm.place_of_message(subject_id uuid)
returns files.place
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_user_id constant uuid = private.token_user_id();
    v_message crm.messages;
    v_place files.place;
begin
    select messages.* into v_message
    from crm.messages
    where
        messages.id = subject_id
        and messages.author_id = v_user_id
        and messages.sent_at > private.now() - interval '1 hour';
    if v_message.id is null
        or crm.require_side(v_message.conversation_id) <> v_message.sender then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such message of yours from the last hour.',
            'Check the id of the subject, or send another message.'
        );
    end if;
    if v_message.sender = 'business' then
        v_place.business_id = v_message.business_id;
    else
        v_place.owner_id = v_user_id;
    end if;
    return v_place;
end;
$$;

/*
 * Link a file to its message.
 */
create function crm.attach_file(medium files.media)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into crm.message_attachments (media_id, message_id, attached_at)
    values (medium.id, medium.subject_id, private.now());
end;
$$;

/*
 * Was a file looked into, and found fit?
 * Definer: the policy of media asks the one of attachments, which cannot ask it back.
 */
create function crm.is_fit(media_id uuid)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return exists (
        select 1
        from files.media
        where
            media.id = is_fit.media_id
            and media.state = 'ready'
            and media.released_at is null
    );
end;
$$;
