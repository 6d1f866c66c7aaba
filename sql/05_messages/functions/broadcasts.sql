-- What clients hear of at once. private.emit calls this beside its routes: what is
-- broadcast is data, and no domain knows who listens.

/*
 * Broadcast an event on the Realtime topics that private.broadcasts names, to whoever listens when
 * this transaction commits. A broadcast that fails is a warning.
 * Definer: callers have no rights on the list.
 */
create function private.broadcast(topic text, payload jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform realtime.send(
        (
            select jsonb_object_agg(sent.key, broadcast.payload -> sent.key)
            from unnest(broadcasts.keys) as sent (key)
            where broadcast.payload ? sent.key
        ),
        broadcast.topic,
        broadcasts.audience || ':' || (broadcast.payload ->> broadcasts.id_key)
    )
    from private.broadcasts
    where
        broadcast.topic like broadcasts.topic
        and broadcast.payload ->> broadcasts.id_key is not null;
end;
$$;
