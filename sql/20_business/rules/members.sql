/*
 * Refuse to remove or demote the last owner of a business, on every path. The business's row is
 * written, so that owners who leave at the same time take turns, and a repeatable read with an old
 * snapshot fails. Deleting the whole business is allowed.
 *
 * Errors:  PT409 last_owner
 */
create function business.business_members__keep_an_owner()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update business.businesses
    set updated_at = private.now()
    where businesses.id = old.business_id;
    if found and not exists (
        select 1
        from business.business_members
        where
            business_members.business_id = old.business_id
            and business_members.role = 'owner'
    ) then
        perform private.refuse(
            'PT409', 'last_owner', 'The last owner of a business cannot be removed.',
            'Make somebody else an owner first.'
        );
    end if;
    return null;
end;
$$;

/*
 * Write a line when somebody joins, changes role or leaves.
 * Definer: as business.businesses__keep_history. Nothing is written for a deleted business.
 */
create function business.business_members__keep_history()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into business.business_history (
        business_id, kind, subject_id, old_value, new_value, actor_id, at
    )
    select
        businesses.id,
        'member',
        coalesce(new.user_id, old.user_id),
        old.role::text,
        new.role::text,
        (select users.id from auth.users where users.id = auth.uid()),
        private.now()
    from business.businesses
    where businesses.id = coalesce(new.business_id, old.business_id);
    perform identity.note_activity(
        coalesce(new.user_id, old.user_id),
        'membership_changed',
        jsonb_build_object(
            'business_id', coalesce(new.business_id, old.business_id),
            'from', old.role,
            'to', new.role
        )
    );
    return null;
end;
$$;

create trigger _500_keep_history
after insert or delete or update of role on business.business_members
for each row
execute function business.business_members__keep_history();

create trigger _600_keep_an_owner_when_changed
after update on business.business_members
for each row
when (
    old.role = 'owner'
    and (new.role <> 'owner' or new.business_id is distinct from old.business_id)
)
execute function business.business_members__keep_an_owner();

create trigger _600_keep_an_owner_when_removed
after delete on business.business_members
for each row
when (old.role = 'owner')
execute function business.business_members__keep_an_owner();
