-- A gift card can be spent once its sale is paid.

/*
 * Activate the gift cards of a sale of which everything is paid now.
 */
create function money.payment_parts__activate_gift_cards()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_balance record;
begin
    -- Most businesses have none that waits: one look into an index.
    if exists (
        select 1
        from money.gift_cards
        where
            gift_cards.business_id = new.business_id
            and gift_cards.activated_at is null
            and gift_cards.cancelled_at is null
    ) then
        v_balance = money.sale_balance(new.business_id, new.sale_id);
        if v_balance.captured_minor - v_balance.returned_minor >= v_balance.owed_minor then
            perform money.activate_gift_cards(new.business_id, new.sale_id);
        end if;
    end if;
    return null;
end;
$$;

create trigger _410_activate_gift_cards
after update of captured_minor on money.payment_parts
for each row
when (new.captured_minor > old.captured_minor)
execute function money.payment_parts__activate_gift_cards();
