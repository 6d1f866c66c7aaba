-- Nobody reads keys or secrets, because there are no grants on them. Workers get sealed values by
-- functions; clients get none.

alter table private.secret_keys enable row level security;
alter table private.secrets enable row level security;

grant execute on function
private.sealed_secret(uuid),
private.current_secret_key(),
private.add_secret_key(text, bytea),
private.outdated_secrets(integer),
private.rewrap_secret(uuid, bytea, bytea, text)
to worker;
