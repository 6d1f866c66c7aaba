-- What a business may decide about a wholesale account, the papers that a request takes, and what
-- people are told of it.
insert into commerce.wholesale_steps (from_status, to_status)
values
('requested', 'approved'),
('requested', 'rejected'),
('rejected', 'approved'),
('approved', 'suspended'),
('suspended', 'approved')
on conflict do nothing;

insert into files.kinds (
    subject, name, bucket, is_public, content_types, max_bytes, max_number,
    place_function, attach_function, relation, links
)
values
(
    'wholesale', 'registration', 'documents', false, '{application/pdf,image/jpeg,image/png}',
    20971520, 5, 'commerce.place_of_request', 'commerce.hand_in_paper',
    'commerce.wholesale_accounts', 'commerce.wholesale_documents'
),
(
    'wholesale', 'tax', 'documents', false, '{application/pdf,image/jpeg,image/png}',
    20971520, 5, 'commerce.place_of_request', 'commerce.hand_in_paper',
    'commerce.wholesale_accounts', 'commerce.wholesale_documents'
),
(
    'wholesale', 'other', 'documents', false, '{application/pdf,image/jpeg,image/png}',
    20971520, 5, 'commerce.place_of_request', 'commerce.hand_in_paper',
    'commerce.wholesale_accounts', 'commerce.wholesale_documents'
)
on conflict do nothing;

insert into private.subjects (
    name, description, id_key, data_function, readers_function, claim_function
)
values (
    'wholesale', 'A company''s wholesale account with a business', 'wholesale_account_id',
    'commerce.wholesale_data', 'commerce.wholesale_readers', 'commerce.claim_wholesale_messages'
)
on conflict (name) do update set
    description = excluded.description,
    id_key = excluded.id_key,
    data_function = excluded.data_function,
    readers_function = excluded.readers_function,
    claim_function = excluded.claim_function;
