-- A card that is removed, or whose owner is erased, is removed at its provider too.

/*
 * Ask the provider of a card that is gone here to forget it.
 */
create function money.payment_methods__forget()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into money.methods_to_forget (id, provider, provider_reference, created_at)
    values (old.id, old.provider, old.provider_reference, private.now())
    on conflict do nothing;
    perform money.ask_provider('forget', old.id);
    return null;
end;
$$;

create trigger _400_forget
after update of removed_at on money.payment_methods
for each row
when (old.removed_at is null and new.removed_at is not null)
execute function money.payment_methods__forget();

create trigger _410_forget
after delete on money.payment_methods
for each row
when (old.removed_at is null)
execute function money.payment_methods__forget();
