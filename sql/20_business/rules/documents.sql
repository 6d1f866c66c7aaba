/*
 * Write a line for every submitted document and every decision about it.
 * Definer: as business.businesses__keep_history.
 */
create function business.business_documents__keep_history()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into business.business_history (
        business_id, kind, subject_id, old_value, new_value, reason, actor_id, at
    )
    values (
        new.business_id,
        'document',
        new.id,
        old.status::text,
        new.status::text,
        new.reason,
        auth.uid(),
        private.now()
    );
    return null;
end;
$$;

create trigger _010_refuse_bad_input
before insert on business.business_documents
for each row
execute function business.any__refuse_bad_input('manage');

create trigger _500_keep_history
after insert or update of status on business.business_documents
for each row
execute function business.business_documents__keep_history();
