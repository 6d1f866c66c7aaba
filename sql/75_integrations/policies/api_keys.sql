-- Owners and managers see the keys of their business, and nobody sees a secret. Nobody writes but
-- through functions.

grant usage on schema integrations to anon, authenticated, service_role, worker;
grant usage on schema identity to edge, worker, storage, realtime;

alter table integrations.scopes enable row level security;
alter table integrations.scope_objects enable row level security;
grant select on integrations.scopes, integrations.scope_objects
to anon, authenticated, service_role;

create policy scopes_select
on integrations.scopes
for select
to anon, authenticated
using (true);

create policy scope_objects_select
on integrations.scope_objects
for select
to anon, authenticated
using (true);

alter table identity.api_keys enable row level security;
grant select on identity.api_keys to authenticated, service_role;

create policy api_keys_select
on identity.api_keys
for select
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- No grant: functions compare hashes.
alter table identity.api_key_secrets enable row level security;

grant execute on function
identity.make_key(),
integrations.to_scopes(text),
integrations.to_addresses(text),
identity.create_api_key(uuid, text, text[], timestamptz, inet[], text),
identity.rotate_api_key(uuid, interval, text),
identity.revoke_api_key(uuid),
private.check_request()
to anon, authenticated, service_role;
grant execute on function
identity.admit_request(jsonb)
to authenticated;
grant execute on function
identity.admit_key(jsonb)
to storage, realtime;
grant execute on function
identity.exchange_key(text, text),
identity.is_key_live(uuid)
to edge, realtime;
grant execute on function identity.note_key_uses(uuid[]) to worker;
