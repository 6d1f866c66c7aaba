/*
 * Return the sentence of a refusal in the language that the reader wants most, of those that have
 * one, English among them. Without Accept-Language it is the message. What the message names is
 * kept where the token does not say it.
 *
 * Definer: the sentences are in private, and every role may be refused.
 */
create function private.refusal_sentence(token text, message text)
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_sentence text;
begin
    if nullif(current_setting('request.headers', true), '') is null then
        return message;
    end if;
    select sentences.sentence into v_sentence
    from unnest(private.wanted_locales(null)) with ordinality as wanted (locale, position)
    left join private.refusal_sentences as sentences
        on
            wanted.locale = sentences.locale
            and refusal_sentence.token = sentences.token
    where wanted.locale = 'en' or sentences.sentence is not null
    order by wanted.position
    limit 1;
    return coalesce(replace(v_sentence, '{message}', message), message);
end;
$$;

/*
 * Refuse a call: status, stable token, a sentence for people, the next step.
 * PostgREST turns errcode PTnnn into HTTP status nnn; docs/errors.md lists every token.
 */
create function private.refuse(errcode text, token text, message text, hint text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    raise exception using
        errcode = refuse.errcode,
        message = private.refusal_sentence(refuse.token, refuse.message),
        detail = refuse.token,
        hint = refuse.hint;
end;
$$;

/*
 * Return a refusal as the answer of a call instead of raising it. For the few calls that must
 * remember something although they refuse: an error would undo it. PostgREST answers as it does for
 * private.refuse.
 */
create function private.refusal(errcode text, token text, message text, hint text)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform set_config('response.status', substr(errcode, 3), true);
    return jsonb_build_object(
        'code', errcode,
        'message', private.refusal_sentence(token, message),
        'details', token,
        'hint', hint
    );
end;
$$;

/*
 * Refuse a call that comes too often: status 429, and the seconds to wait in Retry-After.
 *
 * Errors:  PT429 rate_limited
 */
create function private.refuse_later(token text, seconds integer)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    raise sqlstate 'PGRST' using
        message = jsonb_build_object(
            'code', 'PT429',
            'message', private.refusal_sentence('rate_limited', 'Too many requests.'),
            'details', token,
            'hint', format('Try again in %s seconds.', seconds)
        )::text,
        detail = jsonb_build_object(
            'status', 429, 'headers', jsonb_build_object('Retry-After', seconds::text)
        )::text;
end;
$$;

/*
 * Refuse an argument or a column by name. It never returns. It is boolean so that a CHECK can say
 * `check (price_minor >= 0 or private.invalid('price_minor', 'must not be negative'))`: the
 * constraint holds on every path and still answers in the API's words.
 * Volatile on purpose: the planner must not evaluate it ahead of time.
 *
 * Errors:  PT400 invalid_input
 */
create function private.invalid(argument text, sentence text)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    raise exception using
        errcode = 'PT400',
        message = private.refusal_sentence(
            'invalid_input', format('%s %s.', invalid.argument, invalid.sentence)
        ),
        detail = 'invalid_input',
        hint = 'Correct it and send the request again.';
end;
$$;

/*
 * Return how many rows an answer of the API may have: what PostgREST's max_rows is. The stack says
 * it to PostgREST, which sets it for each request; without it, Supabase's default holds.
 */
create function private.max_rows()
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(nullif(current_setting('app.settings.max_rows', true), '')::integer, 1000);
end;
$$;

/*
 * Refuse an answer that is longer than a page. Every function of the API that returns rows calls
 * it: PostgREST would cut the answer at max_rows and say 200, and a client would take the rest for
 * absent. `next_step` says how to ask for less.
 *
 * Errors:  PT422 too_many_rows
 */
create function private.require_page(row_count bigint, next_step text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if row_count > private.max_rows() then
        perform private.refuse(
            'PT422', 'too_many_rows',
            format(
                'The answer would have %s rows, and at most %s fit.', row_count, private.max_rows()
            ),
            next_step
        );
    end if;
end;
$$;
