-- What a constraint on notes and tags cannot say.

/*
 * Refuse a note of a kind that the caller may not write, and note when it was changed.
 *
 * Errors:  PT403 forbidden
 */
create function crm.customer_notes__check_writer()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if private.is_client() and not exists (
        select 1
        from crm.note_kinds('write') as kinds
        where kinds.business_id = new.business_id and kinds.kind = new.kind
    ) then
        perform private.refuse(
            'PT403', 'forbidden', 'Your role does not write notes of this kind.',
            'Ask an owner of the business for a role with this permission.'
        );
    end if;
    if tg_op = 'UPDATE' then
        new.updated_at = private.now();
    end if;
    return new;
end;
$$;

create trigger _010_refuse_bad_input
before insert or update on crm.customer_notes
for each row
execute function business.any__refuse_bad_input('serve');

create trigger _020_check_writer
before insert or update of kind, body on crm.customer_notes
for each row
execute function crm.customer_notes__check_writer();

create trigger _010_refuse_bad_input
before insert or update on crm.customer_tags
for each row
execute function business.any__refuse_bad_input('serve');

create trigger _010_refuse_bad_input
before insert or update on crm.note_permissions
for each row
execute function business.any__refuse_bad_input('own');
