-- The latest entries of an account.
select
    entries.number,
    transactions.booked_on,
    transactions.at,
    transactions.cause_kind,
    transactions.cause_id,
    entries.amount_minor
from money.entries
inner join money.transactions on entries.number = transactions.number
where entries.account_id = %(account)s
order by entries.number desc, entries.position
limit %(limit)s
