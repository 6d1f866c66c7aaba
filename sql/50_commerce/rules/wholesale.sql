-- What follows from changes of wholesale accounts: each status is written down and told of once,
-- and whoever no longer buys for a company has no more of its prices.

/*
 * Write down a status and announce it.
 * Definer: nobody has a write grant on history.
 */
create function commerce.wholesale_accounts__keep_history()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into commerce.wholesale_history (
        business_id, wholesale_account_id, status, reason, actor_id, at
    )
    values (
        new.business_id, new.id, new.status, new.reason,
        (select users.id from auth.users where users.id = auth.uid()), private.now()
    );
    perform private.emit(
        'wholesale.' || new.status,
        jsonb_build_object(
            'wholesale_account_id', new.id, 'business_id', new.business_id, 'reason', new.reason
        )
    );
    return null;
end;
$$;

create trigger _500_keep_history
after insert on commerce.wholesale_accounts
for each row execute function commerce.wholesale_accounts__keep_history();

create trigger _500_keep_history_of_status
after update of status on commerce.wholesale_accounts
for each row
when (new.status <> old.status)
execute function commerce.wholesale_accounts__keep_history();

create trigger _510_announce_deletion
after delete on commerce.wholesale_accounts
for each row execute function private.any__announce_deletion('wholesale');

create trigger _100_refuse_rewriting
before update on commerce.wholesale_history
for each row
when (new.actor_id is not null or new.reason is distinct from old.reason)
execute function private.any__refuse_rewriting();

/*
 * Take the prices away from a buyer who left.
 * Definer: nobody has a write grant on entitlements.
 */
create function commerce.wholesale_buyers__end_entitlement()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    delete from customers.entitlements
    where entitlements.business_id = old.business_id and entitlements.id = old.entitlement_id;
    return null;
end;
$$;

create trigger _500_end_entitlement
after delete on commerce.wholesale_buyers
for each row execute function commerce.wholesale_buyers__end_entitlement();

create trigger _500_release_medium
after delete on commerce.wholesale_documents
for each row execute function files.any__release_medium();

-- Approvers write their company's places, which is for the policy to allow.
create trigger _010_refuse_bad_input
before insert or update on commerce.wholesale_locations
for each row execute function private.any__refuse_bad_input();

create trigger _010_refuse_bad_input
before insert or update on commerce.wholesale_packs
for each row execute function business.any__refuse_bad_input('manage');

/*
 * Make an order that of the company for which its customer buys, and ask for the money when it is
 * due.
 */
create function commerce.orders__note_company()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_terms constant commerce.buying_terms = commerce.wholesale_terms(
        new.business_id, new.customer_id
    );
begin
    new.wholesale_account_id = v_terms.wholesale_account_id;
    if new.pays_later then
        new.due_at = new.placed_at + make_interval(days => v_terms.net_days);
        perform private.emit(
            'wholesale.overdue',
            jsonb_build_object(
                'wholesale_account_id', new.wholesale_account_id,
                'business_id', new.business_id,
                'order_id', new.id
            ),
            new.due_at
        );
    end if;
    return new;
end;
$$;

create trigger _200_note_company
before insert on commerce.orders
for each row
when (new.customer_id is not null)
execute function commerce.orders__note_company();
