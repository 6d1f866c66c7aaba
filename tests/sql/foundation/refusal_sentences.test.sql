-- A refusal keeps its token and status, and says its sentence in the language of the reader.
begin;
select plan(8);

create function pg_temp.refused(headers text, token text, message text) returns text
language plpgsql as $$
declare
    v_message text;
    v_token text;
begin
    perform set_config('request.headers', headers, true);
    perform private.refuse('PT409', token, message, 'Try again.');
exception when sqlstate 'PT409' then
    get stacked diagnostics v_message = message_text, v_token = pg_exception_detail;
    return v_token || ': ' || v_message;
end;
$$;

select is(
    pg_temp.refused('{"accept-language": "de-AT,de;q=0.9,en;q=0.5"}', 'slot_taken', 'Taken.'),
    'slot_taken: Diese Zeit wurde gerade vergeben.', 'the language that the reader wants most'
);
select is(
    pg_temp.refused('{"accept-language": "en-GB,en;q=0.9,de;q=0.5"}', 'slot_taken', 'Taken.'),
    'slot_taken: Taken.', 'English is a language like the others'
);
select is(
    pg_temp.refused('{"accept-language": "fr,ja;q=0.8,de;q=0.5"}', 'slot_taken', 'Taken.'),
    'slot_taken: その時間はちょうど予約されてしまいました。', 'the best of those that there are'
);
select is(
    pg_temp.refused('{"accept-language": "fr"}', 'slot_taken', 'Taken.'),
    'slot_taken: Taken.', 'English, where there is none of them'
);
select is(
    pg_temp.refused('{}', 'slot_taken', 'Taken.'),
    'slot_taken: Taken.', 'English without a wish'
);
select is(
    pg_temp.refused('', 'slot_taken', 'Taken.'),
    'slot_taken: Taken.', 'English outside of a request'
);
select is(
    pg_temp.refused('{"accept-language": "de"}', 'out_of_stock', 'TEE: only 2 left.'),
    'out_of_stock: Nicht genug auf Lager: TEE: only 2 left.', 'what the message names is kept'
);
select is(
    pg_temp.refused('{"accept-language": "ar"}', 'not_signed_in', 'Sign in first.'),
    'not_signed_in: سجّل الدخول أولًا.', 'from right to left'
);

select * from finish();
