-- The trail is append-only for everybody, its owner included. What the rule asks is written in the
-- trail itself and not who is asking: an update passes if it does nothing but mask, and the same
-- transaction wrote down that it masks this entry.

/*
 * Refuse to rewrite an entry, unless it is masked and that is written down.
 * Definer: the question is about the trail itself.
 *
 * Errors:  PT409 append_only
 */
create function audit.entries__refuse_rewriting()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_masking audit.maskings;
    v_allowed audit.entries = old;
begin
    select maskings.* into v_masking
    from audit.maskings
    where maskings.entry_id = old.id and maskings.transaction_id = pg_current_xact_id()
    order by maskings.id desc
    limit 1;
    v_allowed.before = audit.masked(old.before, v_masking.columns);
    v_allowed.after = audit.masked(old.after, v_masking.columns);
    if 'address' = any(v_masking.columns) then
        v_allowed.address = null;
    end if;
    if 'user_agent' = any(v_masking.columns) then
        v_allowed.user_agent = null;
    end if;
    if v_masking.id is null or new is distinct from v_allowed then
        perform private.refuse(
            'PT409', 'append_only', 'History cannot be changed.', 'Add a new entry instead.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_refuse_rewriting
before update on audit.entries
for each row execute function audit.entries__refuse_rewriting();

-- Entries that private.keep_audit_months may delete.
create trigger _105_refuse_forgetting
before delete on audit.entries
for each row
when (old.at > now() - audit.kept_for())
execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on audit.entries
for each statement execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on audit.entries_else
for each statement execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update or delete on audit.maskings
for each row execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on audit.maskings
for each statement execute function private.any__refuse_rewriting();
