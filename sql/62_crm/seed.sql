-- What merging two customers does with each table that refers to customers. A later domain adds the
-- rules of its tables; a test finds a table without one.
insert into crm.merge_rules (relation, column_name, action, reason)
values
('customers.customers', 'merged_into_id', 'move', null),
('customers.customer_group_members', 'customer_id', 'move', null),
('customers.entitlements', 'customer_id', 'move', null),
('customers.allowances', 'customer_id', 'move', null),
('pricing.tax_numbers', 'customer_id', 'move', null),
('memberships.memberships', 'customer_id', 'move', null),
('loyalty.lots', 'customer_id', 'move', null),
('loyalty.earnings', 'customer_id', 'move', null),
('loyalty.referral_codes', 'customer_id', 'move', null),
('loyalty.referrals', 'referrer_id', 'move', null),
('loyalty.referrals', 'referred_id', 'move', null),
(
    'loyalty.accounts', 'customer_id', 'keep',
    'It says what the lots say, which move; both accounts are counted again.'
),
(
    'loyalty.entries', 'customer_id', 'keep',
    'A record, never rewritten; it names its lot, which moves.'
),
('crm.customer_notes', 'customer_id', 'move', null),
('crm.customer_tags', 'customer_id', 'move', null),
('crm.customer_blocks', 'customer_id', 'move', null),
('scheduling.customer_preferences', 'customer_id', 'move', null),
('crm.conversations', 'customer_id', 'move', null),
(
    'crm.consents', 'customer_id', 'keep',
    'A record of who answered, never rewritten; the view shows it with the customer who they are.'
),
(
    'money.credits', 'customer_id', 'keep',
    'A record of whom credit was given to, never rewritten; the ledger moves what is left of it.'
),
('crm.mergers', 'customer_id', 'keep', 'The history of mergers itself.'),
('crm.mergers', 'duplicate_id', 'keep', 'The history of mergers itself.')
on conflict (relation, column_name) do update
    set action = excluded.action, reason = excluded.reason
    where
    (merge_rules.action, merge_rules.reason)
    is distinct from (excluded.action, excluded.reason);

-- What people are told of a message, by which functions.
insert into private.subjects (name, description, id_key, data_function, readers_function)
values
(
    'message', 'A message of a business or of its customer', 'message_id', 'crm.message_data',
    'crm.message_readers'
)
on conflict (name) do update set
    description = excluded.description,
    id_key = excluded.id_key,
    data_function = excluded.data_function,
    readers_function = excluded.readers_function;

insert into private.routes (topic, queue, actor)
values
('message.sent', 'notifications', 'notify')
on conflict do nothing;

-- Files that both sides of a conversation send.
insert into files.kinds (
    subject, name, bucket, is_public, content_types, max_bytes, max_number,
    place_function, attach_function, relation, links, is_confidential
)
values
(
    'message', 'attachment', 'documents', false, '{application/pdf,image/jpeg,image/png}',
    20971520, 5, 'crm.place_of_message', 'crm.attach_file', 'crm.messages',
    'crm.message_attachments', true
)
on conflict do nothing;
