-- Messages of sign-in. Their codes and links are in the queue's message only and are gone with it,
-- so no delivery is written.

/*
 * Start a message of sign-in. Returns all that the worker needs to render and send it, or null when
 * it was sent. `payload` is as in docs/auth.md.
 * Definer: called by the workers, who have no access to the tables.
 */
create function engagement.start_account_message(
    message_id uuid, channel identity.notification_channel, payload jsonb
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_effect record = private.start_effect(message_id, 'send');
    v_user_id constant uuid = payload ->> 'user_id';
    v_message engagement.notification_deliveries;
begin
    if v_effect.is_done then
        return null;
    end if;
    v_message.id = message_id;
    v_message.event = 'auth.' || (payload ->> 'kind');
    v_message.audience = 'customer';
    v_message.channel = channel;
    v_message.subject = 'account';
    v_message.address = payload ->> 'to';
    v_message.locale = coalesce(
        (select profiles.locale from identity.profiles where profiles.id = v_user_id),
        payload ->> 'locale',
        'en'
    );
    select facts.data into v_message.data
    from private.subject_data(
        'account', array[row(1, v_user_id, payload)::private.subject_message]
    ) as facts;
    return (
        select engagement.sending_job(
            v_message,
            engagement.choose_template(v_message),
            types.types,
            v_effect.idempotency_key
        )
        from engagement.variable_types() as types
        where types.subject = v_message.subject
    );
end;
$$;
