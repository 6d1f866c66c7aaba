-- What people are told of the waitlist, by which functions.
insert into private.subjects (
    name, description, id_key, data_function, readers_function, holds_function, claim_function
)
values (
    'waitlist', 'A free time, offered to a waitlist entry', 'entry_id', 'scheduling.waitlist_data',
    'scheduling.waitlist_readers', 'scheduling.waitlist_holds', 'scheduling.claim_waitlist_messages'
)
on conflict (name) do update set
    description = excluded.description,
    id_key = excluded.id_key,
    data_function = excluded.data_function,
    readers_function = excluded.readers_function,
    holds_function = excluded.holds_function,
    claim_function = excluded.claim_function;
