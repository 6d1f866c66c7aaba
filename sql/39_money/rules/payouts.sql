-- What holds for payouts on every path: only steps of the table, each posted as it is taken, and
-- nobody decides about what they asked for.

/*
 * Plan the next run of an account that is new or whose schedule was set. One that the provider lets
 * be paid out again is looked at by the next run.
 * Definer: nobody has write privileges on runs.
 */
create function money.payout_accounts__plan_run()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into money.payout_runs (business_id, currency, next_run_at)
    values (
        new.business_id, new.currency,
        case
            when tg_argv[0] = 'now' and new.schedule <> 'on_demand' then private.now()
            else money.next_run(new.schedule, business.time_zone(new.business_id))
        end
    )
    on conflict on constraint payout_runs_pkey do update
    set next_run_at = excluded.next_run_at;
    return null;
end;
$$;

create trigger _500_plan_run
after insert or update of schedule on money.payout_accounts
for each row execute function money.payout_accounts__plan_run();

create trigger _510_plan_run_now
after update of status on money.payout_accounts
for each row
when (old.status = 'restricted' and new.status = 'active')
execute function money.payout_accounts__plan_run('now');

/*
 * Refuse a step that does not exist.
 *
 * Errors:  PT409 invalid_transition
 */
create function money.payouts__refuse_illegal_steps()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if not exists (
        select 1
        from money.payout_transitions
        where
            payout_transitions.from_status = old.status
            and payout_transitions.to_status = new.status
    ) then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('A payout that is %s cannot become %s.', old.status, new.status),
            'Read the payout again and check its status.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_refuse_illegal_steps
before update of status on money.payouts
for each row
when (old.status is distinct from new.status)
execute function money.payouts__refuse_illegal_steps();

create trigger _110_refuse_rewriting
before update of
id, business_id, currency, amount_minor, released_minor, created_at, earning_ids
on money.payouts
for each row execute function private.any__refuse_rewriting();

/*
 * Do what follows from a step: post it, hand the payout on, or give its earnings back.
 */
create function money.payouts__follow_step()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    case new.status
        when 'approved' then
            perform money.send_payouts(array[new.id]);
        when 'paid' then
            perform money.post_payouts(array[new.id], 'payout_paid');
        when 'failed' then
            if old.status = 'paid' then
                perform money.post_payouts(array[new.id], 'payout_failed');
            end if;
            perform private.send_message(
                'payouts', 'recall_payout', jsonb_build_object('payout_id', new.id)
            );
        when 'rejected', 'reversed' then
            perform money.post_payouts(array[new.id], 'payout_reversed');
            perform money.reopen_earnings(new);
        else
            null;
    end case;
    return null;
end;
$$;

create trigger _500_follow_step
after update of status on money.payouts
for each row
when (old.status is distinct from new.status)
execute function money.payouts__follow_step();

/*
 * Refuse a decision about one's own request, and about what does not wait for one; take the step.
 * Definer: nobody has write privileges on payouts; the policies of decisions checked the caller.
 *
 * Errors:  PT403 forbidden · PT409 invalid_transition
 */
create function money.payout_decisions__take_step()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_payout money.payouts;
begin
    select payouts.* into strict v_payout
    from money.payouts
    where payouts.business_id = new.business_id and payouts.id = new.payout_id
    for no key update;
    perform money.refuse_own_payout(v_payout.requested_by, new.decided_by);
    if v_payout.status <> 'pending' then
        perform private.refuse(
            'PT409', 'invalid_transition', 'The payout does not wait for a decision.',
            'Read the payout again and check its status.'
        );
    end if;
    update money.payouts
    set
        status = case new.decision when 'approve' then 'approved' else 'rejected' end
        ::money.payout_status,
        finished_at = case new.decision when 'reject' then new.decided_at end
    where payouts.id = v_payout.id;
    return null;
end;
$$;

create trigger _100_take_step
after insert on money.payout_decisions
for each row execute function money.payout_decisions__take_step();

create trigger _100_refuse_rewriting
before update or delete on money.payout_decisions
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update or delete on money.earnings
for each row execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on money.earnings
for each statement execute function private.any__refuse_rewriting();

/*
 * Take from a business's earnings what a payer's bank took back for good. The dispute is posted
 * with its payment, also after the money was paid out: then the balance is negative, and later
 * earnings carry it.
 */
create function money.disputes__take_back()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform money.take_from_earnings(new.business_id, new.currency, 'dispute', new.amount_minor);
    return null;
end;
$$;

create trigger _900_take_back
after update of status on money.disputes
for each row
when (old.status <> 'lost' and new.status = 'lost')
execute function money.disputes__take_back();
