-- What each account held at the end of a day, or holds now, with the digits of its currency.
select
    accounts.id as account_id,
    accounts.kind,
    accounts.currency,
    accounts.business_id,
    accounts.provider,
    accounts.owner_id,
    currencies.minor_digits,
    businesses.name as business,
    case
        when %(on)s::date is null then money.balance(accounts.id)
        else (
            select coalesce(sum(entries.amount_minor), 0)::bigint
            from money.entries
            inner join money.transactions on entries.number = transactions.number
            where
                entries.account_id = accounts.id
                and transactions.booked_on <= %(on)s
        )
    end as balance_minor
from money.accounts
inner join pricing.currencies on accounts.currency = currencies.code
left join business.businesses on accounts.business_id = businesses.id
order by accounts.kind, accounts.currency, accounts.id
