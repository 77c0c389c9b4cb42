-- The nightly job as an expert writes it in DuckDB: the plain version of docs/judging.md for the
-- agreement that `hutong generate` declares, on data whose faults it knows (see ../README.md).
-- `getvariable` has: data, out (folders), start, cut (the period), ipad, opad (the key's pads).

SET preserve_insertion_order = false;

-- One transaction, never committed: after a commit DuckDB compresses the temporary tables, which
-- costs a quarter of the whole and helps nobody here.
BEGIN TRANSACTION;

-- What each word means: the same kinds in A's words and in B's. Roles: i issuer's leg, c
-- acceptor's leg, o own, r reversal (as its original).
CREATE TEMP TABLE kinds AS
SELECT * FROM (VALUES
    ('跨店兑换', 'xburn', 'i', 'redemption', true), ('转出', 'xout', 'i', 'conversion', true),
    ('跨店累积', 'xearn', 'i', 'sale', true), ('跨店受理', 'xaccept', 'c', 'redemption', false),
    ('转入', 'xin', 'c', 'conversion', true), ('跨店发放', 'xaward', 'c', 'sale', false),
    ('累积', 'earn', 'o', NULL, true), ('兑换', 'burn', 'o', NULL, true),
    ('失效', 'expire', 'o', NULL, true), ('调账', 'adjust', 'o', NULL, true),
    ('合并', 'merge', 'o', NULL, true), ('冻结', 'freeze', 'o', NULL, false),
    ('解冻', 'unfreeze', 'o', NULL, false), ('冲正', 'reversal', 'r', NULL, NULL)
) AS t (a_word, b_word, role, flow, moves);

-- The ledgers are views: each step decodes the columns that it names and no others.
CREATE TEMP VIEW ledger_a AS
SELECT 流水号 AS event_id, 会员号 AS member, 类型 AS kind, 积分 AS points, 交易时间 AS occurred_at,
    coalesce(入账时间, 交易时间) AS posted_at, 对方流水号 AS counter, 原流水号 AS original,
    订单号 AS order_no, 状态 AS status
FROM read_parquet(getvariable('data') || '/a/2026-03/ledger-*.parquet');

CREATE TEMP VIEW ledger_b AS
SELECT event_id, member_no AS member, kind, points, occurred_at, occurred_at AS posted_at,
    counter_event_id AS counter, original_event_id AS original, order_no, status
FROM read_parquet(getvariable('data') || '/b/2026-03/ledger.parquet');

-- EVT-03: which rows stand more than once. A hash is quicker to count than a text; the few rows
-- that share one are compared whole.
CREATE TEMP TABLE twice AS
SELECT 'a' AS party, * FROM (
    SELECT *, count(*) - 1 AS extras FROM ledger_a
    WHERE hash(event_id) IN (
        SELECT hash(event_id) AS h FROM ledger_a GROUP BY h HAVING count(*) > 1)
    GROUP BY ALL HAVING count(*) > 1)
UNION ALL
SELECT 'b', * FROM (
    SELECT *, count(*) - 1 AS extras FROM ledger_b
    WHERE hash(event_id) IN (
        SELECT hash(event_id) AS h FROM ledger_b GROUP BY h HAVING count(*) > 1)
    GROUP BY ALL HAVING count(*) > 1);

-- Every row that crosses programmes or reverses something: those that stand once, and one of
-- each that stands more often.
CREATE TEMP TABLE crossing AS
SELECT 'a' AS party, l.* EXCLUDE (kind, status), k.role, k.flow, k.moves
FROM ledger_a l JOIN kinds k ON k.a_word = l.kind
WHERE k.role <> 'o' AND l.status = '已入账'
    AND l.event_id NOT IN (SELECT event_id FROM twice WHERE party = 'a')
UNION ALL
SELECT 'b', l.* EXCLUDE (kind, status), k.role, k.flow, k.moves
FROM ledger_b l JOIN kinds k ON k.b_word = l.kind
WHERE k.role <> 'o' AND l.status = 'posted'
    AND l.event_id NOT IN (SELECT event_id FROM twice WHERE party = 'b')
UNION ALL
SELECT t.* EXCLUDE (kind, status, extras), k.role, k.flow, k.moves
FROM twice t JOIN kinds k ON t.kind = if(t.party = 'a', k.a_word, k.b_word)
WHERE k.role <> 'o' AND t.status IN ('已入账', 'posted');

-- A reversal takes after its original. One without is an orphan.
CREATE TEMP TABLE reversals AS
WITH named AS (
    SELECT 'a' AS party, l.event_id, k.role, k.flow, k.moves
    FROM ledger_a l JOIN kinds k ON k.a_word = l.kind
    WHERE k.role <> 'r'
        AND l.event_id IN (SELECT original FROM crossing WHERE role = 'r' AND party = 'a')
    UNION
    SELECT 'b', l.event_id, k.role, k.flow, k.moves
    FROM ledger_b l JOIN kinds k ON k.b_word = l.kind
    WHERE k.role <> 'r'
        AND l.event_id IN (SELECT original FROM crossing WHERE role = 'r' AND party = 'b')
)
SELECT r.* EXCLUDE (role, flow, moves), o.event_id IS NULL AS orphan,
    coalesce(o.role, if(r.counter IS NULL, 'i', 'c')) AS role, o.flow,
    coalesce(o.moves, r.counter IS NULL) AS moves
FROM crossing r LEFT JOIN named o ON o.party = r.party AND o.event_id = r.original
WHERE r.role = 'r';

CREATE TEMP VIEW legs AS
SELECT party, role, event_id, member, points, occurred_at AS at, counter, original, order_no, flow,
    false AS reversal, false AS orphan
FROM crossing WHERE role <> 'r'
UNION ALL
SELECT party, role, event_id, member, points, occurred_at, counter, original, order_no, flow,
    true, orphan
FROM reversals WHERE role <> 'o';

-- Links: the records of the feed, then tokens that stand once on either side among members whom
-- no record names. Only such members of A need their number turned into a token.
CREATE TEMP TABLE links AS
SELECT a_member, b_member, bound_at, coalesce(unbound_at, 'infinity') AS unbound_at, method
FROM read_parquet(getvariable('data') || '/shared/2026-03/links.parquet');

CREATE TEMP TABLE inferred AS
WITH a AS (
    SELECT any_value(会员号) AS a_member, mobile
    FROM (SELECT 会员号, regexp_replace(replace(手机号, ' ', ''), '^\+86', '') AS mobile
        FROM read_parquet(getvariable('data') || '/a/2026-03/members.parquet'))
    GROUP BY mobile HAVING count(*) = 1
), b AS (
    SELECT any_value(member_no) AS b_member, mobile_token AS token
    FROM read_parquet(getvariable('data') || '/b/2026-03/members.parquet')
    GROUP BY mobile_token HAVING count(*) = 1
), free_a AS (
    SELECT a_member, sha256(getvariable('opad') || unhex(sha256(getvariable('ipad')
        || encode('mobile') || '\x00'::BLOB || encode(mobile)))) AS token
    FROM a ANTI JOIN links USING (a_member)
)
SELECT a_member, b_member FROM free_a JOIN (FROM b ANTI JOIN links USING (b_member)) USING (token);

COPY (
    SELECT a_member, b_member, method, bound_at, nullif(unbound_at, 'infinity') AS unbound_at
    FROM links
    UNION ALL
    SELECT a_member, b_member, 'inferred', NULL, NULL FROM inferred
) TO (getvariable('out') || '/links.parquet') (FORMAT parquet);

-- What a link allows, from and until when, seen from either member.
CREATE TEMP TABLE standing AS
WITH a AS (
    SELECT 会员号 AS a_member,
        if(状态 <> '正常', coalesce(状态生效时间, '-infinity'), 'infinity') AS stopped_at
    FROM read_parquet(getvariable('data') || '/a/2026-03/members.parquet')
), b AS (
    SELECT member_no AS b_member,
        if(status <> 'active', coalesce(status_since, '-infinity'), 'infinity') AS stopped_at
    FROM read_parquet(getvariable('data') || '/b/2026-03/members.parquet')
), consents AS (
    SELECT a_member, b_member, min(granted_at) AS granted_at,
        max(coalesce(withdrawn_at, 'infinity')) AS withdrawn_at
    FROM read_parquet(getvariable('data') || '/shared/2026-03/consents.parquet')
    WHERE purpose = '互通结算' GROUP BY ALL
)
SELECT l.*, a.a_member IS NULL AS absent_a, b.b_member IS NULL AS absent_b,
    least(a.stopped_at, b.stopped_at) AS stopped_at, granted_at, withdrawn_at
FROM links l LEFT JOIN a USING (a_member) LEFT JOIN b USING (b_member)
LEFT JOIN consents USING (a_member, b_member);

CREATE TEMP VIEW sound AS
SELECT 'a' AS issuer, a_member AS member, b_member AS partner, * EXCLUDE (a_member, b_member)
FROM standing WHERE method <> 'inferred'
UNION ALL
SELECT 'b', b_member, a_member, * EXCLUDE (a_member, b_member)
FROM standing WHERE method <> 'inferred';

-- Ratio versions, each with the other version of its direction and the partner's in force.
CREATE TEMP TABLE ratios AS
SELECT * REPLACE (since::TIMESTAMPTZ AS since, until::TIMESTAMPTZ AS until) FROM (VALUES
    ('a', '-infinity', '2026-03-16 00:00:00+08', '2026-01-01', 40, 100, 50, 100, 100, 40),
    ('a', '2026-03-16 00:00:00+08', 'infinity', '2026-03-16', 50, 100, 40, 100, 100, 50),
    ('b', '-infinity', '2026-03-16 00:00:00+08', '2026-01-01', 100, 40, 100, 50, 40, 100),
    ('b', '2026-03-16 00:00:00+08', 'infinity', '2026-03-16', 100, 50, 100, 40, 50, 100)
) AS t (issuer, since, until, ratio_from, r_num, r_den, o_num, o_den, q_num, q_den);

CREATE TEMP TABLE rates AS
SELECT issuer, flow, rate::DECIMAL(18, 6) AS rate FROM (VALUES
    ('a', 'redemption', '0.008'), ('a', 'conversion', '0.0075'), ('a', 'sale', '0.010'),
    ('b', 'redemption', '0.020'), ('b', 'conversion', '0.0185'), ('b', 'sale', '0.024')
) AS t (issuer, flow, rate);

-- Pairs by the acceptor's reference: one outer join, whose one-sided rows go on to the rest.
CREATE TEMP TABLE named AS
WITH i AS (SELECT party AS issuer, * EXCLUDE (party, role) FROM legs WHERE role = 'i'),
c AS (
    SELECT if(party = 'a', 'b', 'a') AS issuer, * EXCLUDE (party, role) FROM legs WHERE role = 'c'
)
SELECT coalesce(i.issuer, c.issuer) AS issuer, i.event_id AS i_event, c.event_id AS c_event,
    i.member AS i_member, c.member AS c_member, i.points AS i_points, c.points AS c_points,
    i.at AS i_at, c.at AS c_at, i.counter AS i_counter, c.counter AS c_counter,
    i.original AS i_original, c.original AS c_original, i.order_no AS i_order,
    c.order_no AS c_order, i.flow AS i_flow, c.flow AS c_flow, i.reversal AS i_reversal,
    c.reversal AS c_reversal, i.orphan AS i_orphan, c.orphan AS c_orphan
FROM i FULL JOIN c ON i.issuer = c.issuer AND i.event_id = c.counter;

CREATE TEMP TABLE rest_i AS
SELECT issuer, COLUMNS('^i_.*') FROM named WHERE c_event IS NULL;
CREATE TEMP TABLE rest_c AS
SELECT issuer, COLUMNS('^c_.*') FROM named WHERE i_event IS NULL;

-- Of the rest: the issuer's reference, the order, the window. Each only where one meets one.
CREATE TEMP TABLE later AS
WITH back AS (
    SELECT i.issuer, i.i_event, c.c_event FROM rest_i i
    JOIN rest_c c ON c.issuer = i.issuer AND c.c_event = i.i_counter
), ordered AS (
    SELECT i.issuer, any_value(i_event) AS i_event, any_value(c_event) AS c_event
    FROM (FROM rest_i WHERE i_order IS NOT NULL AND NOT i_orphan) i
    ANTI JOIN back p ON p.issuer = i.issuer AND p.i_event = i.i_event
    JOIN (FROM rest_c ANTI JOIN back USING (issuer, c_event)) c
        ON c.issuer = i.issuer AND c.c_order = i.i_order AND c.c_flow = i.i_flow
        AND c.c_reversal = i.i_reversal AND NOT c.c_orphan
    GROUP BY i.issuer, i.i_order, i.i_flow, i.i_reversal HAVING count(*) = 1
), paired AS (
    SELECT *, 'reference' AS matched_by FROM back UNION ALL SELECT *, 'order' FROM ordered
), candidates AS (
    SELECT i.issuer, i_event, c_event,
        count(*) OVER (PARTITION BY i.issuer, i_event) AS of_i,
        count(*) OVER (PARTITION BY i.issuer, c_event) AS of_c
    FROM (FROM rest_i ANTI JOIN paired USING (issuer, i_event) WHERE NOT i_reversal) i
    JOIN sound s ON s.issuer = i.issuer AND s.member = i.i_member
        AND i.i_at >= s.bound_at AND i.i_at < s.unbound_at
    JOIN ratios r ON r.issuer = i.issuer AND i.i_at >= r.since AND i.i_at < r.until
    JOIN (FROM rest_c ANTI JOIN paired USING (issuer, c_event)
        WHERE NOT c_reversal AND c_counter IS NULL) c
        ON c.issuer = i.issuer AND c.c_member = s.partner AND c.c_flow = i.i_flow
        AND c.c_points = if(i.i_flow = 'sale', i.i_points, -i.i_points * r_num // r_den)
        AND c.c_at BETWEEN i.i_at - INTERVAL 5 MINUTE AND i.i_at + INTERVAL 2 HOUR
)
FROM paired UNION ALL
SELECT issuer, i_event, c_event, 'window' FROM candidates WHERE of_i = 1 AND of_c = 1;

CREATE TEMP VIEW pairs AS
SELECT *, 'reference' AS matched_by FROM named WHERE i_event IS NOT NULL AND c_event IS NOT NULL
UNION ALL BY NAME
SELECT i.*, c.* EXCLUDE (issuer), l.matched_by
FROM later l JOIN rest_i i USING (issuer, i_event) JOIN rest_c c USING (issuer, c_event);

-- Spends are positive and their reversals negative, as they are cleared. The members must be
-- linked, in good standing and have consented when a spend happens.
CREATE TEMP TABLE valued AS
SELECT p.issuer, p.i_event, p.c_event, p.i_member, p.c_member, p.i_at, p.c_at, p.i_order,
    p.i_original, p.matched_by, p.i_flow AS flow, p.c_points AS recorded,
    if(p.i_flow = 'sale', p.i_points, -p.i_points) AS cleared,
    p.i_reversal AS reversal, p.i_orphan OR p.c_orphan AS orphan,
    CASE WHEN p.i_reversal THEN NULL
        WHEN s.member IS NULL THEN 'MBR-07'
        WHEN s.absent_a THEN 'MBR-01'
        WHEN s.absent_b THEN 'MBR-02'
        WHEN s.partner <> p.c_member OR s.stopped_at <= p.i_at THEN 'MBR-07'
        WHEN s.granted_at IS NULL OR s.granted_at > p.i_at THEN 'CON-01'
        WHEN s.withdrawn_at <= p.i_at THEN 'CON-02' END AS barred
FROM pairs p LEFT JOIN sound s ON s.issuer = p.issuer AND s.member = p.i_member
    AND p.i_at >= s.bound_at AND p.i_at < s.unbound_at;

-- The agreed mirror at the version of the spend, and for what differs the ratio that explains it.
CREATE TEMP TABLE spends AS
SELECT v.*, r.ratio_from,
    if(v.flow = 'sale', 1, r_num) AS num, if(v.flow = 'sale', 1, r_den) AS den,
    v.cleared * num // den AS agreed,
    CASE WHEN recorded = agreed THEN NULL
        WHEN abs(recorded * den - cleared * num) < den THEN 'AMT-04'
        WHEN v.flow = 'sale' THEN 'AMT-01'
        WHEN recorded = cleared * o_num // o_den THEN 'AMT-03'
        WHEN recorded IN (cleared * r_den // r_num, cleared * q_num // q_den,
            cleared * q_den // q_num, cleared) THEN 'AMT-02'
        ELSE 'AMT-01' END AS amiss,
    coalesce(v.barred, nullif(amiss, 'AMT-04')) AS held
FROM valued v
JOIN ratios r ON r.issuer = v.issuer AND v.i_at >= r.since AND v.i_at < r.until
WHERE NOT v.reversal AND NOT v.orphan;

-- Partial reversals accumulate, and the parts' mirrors sum to the whole's (domain.md, 3.6).
CREATE TEMP TABLE taken_back AS
WITH seen AS (
    SELECT v.*, o.ratio_from, o.num, o.den, o.cleared AS whole, o.held AS with_original,
        sum(-v.cleared) OVER (PARTITION BY v.issuer, v.i_original ORDER BY v.i_at, v.i_event
            ROWS UNBOUNDED PRECEDING)::BIGINT AS so_far
    FROM valued v JOIN spends o ON o.issuer = v.issuer AND o.i_event = v.i_original
    WHERE v.reversal AND NOT v.orphan
)
SELECT * EXCLUDE (whole, with_original, so_far),
    (whole - so_far) * num // den - (whole - so_far - cleared) * num // den AS agreed,
    CASE WHEN with_original IS NULL AND recorded <> agreed THEN 'AMT-01' END AS amiss,
    CASE WHEN with_original IS NULL AND so_far > whole THEN 'REV-02' END AS too_much,
    coalesce(with_original, amiss, too_much) AS held
FROM seen;

CREATE TEMP VIEW judged AS
SELECT *, NULL AS too_much FROM spends UNION ALL BY NAME SELECT * FROM taken_back;

CREATE TEMP TABLE counted AS
SELECT j.issuer, j.flow, j.i_event, j.c_event, j.i_original, j.i_order, j.i_member, j.c_member,
    j.i_at, j.c_at, j.matched_by, j.cleared, j.num, j.den, j.agreed, j.recorded,
    if(j.flow = 'sale', NULL, j.ratio_from) AS ratio_from, r.rate
FROM judged j JOIN rates r USING (issuer, flow)
WHERE j.held IS NULL AND j.i_at >= getvariable('start') AND j.i_at < getvariable('cut');

-- LED-01, LED-02: what each account should be and is.
CREATE TEMP TABLE accounts AS
WITH moved AS (
    SELECT 'a' AS party, member, points FROM ledger_a
    WHERE kind IN (SELECT a_word FROM kinds WHERE moves) AND status = '已入账'
        AND posted_at >= getvariable('start') AND posted_at < getvariable('cut')
    UNION ALL
    SELECT 'b', member, points FROM ledger_b
    WHERE kind IN (SELECT b_word FROM kinds WHERE moves) AND status = 'posted'
        AND posted_at >= getvariable('start') AND posted_at < getvariable('cut')
    UNION ALL
    SELECT party, member, points FROM reversals
    WHERE moves AND posted_at >= getvariable('start') AND posted_at < getvariable('cut')
    UNION ALL
    SELECT party, member, -points * extras FROM twice
    WHERE kind IN (SELECT unnest([a_word, b_word]) FROM kinds WHERE moves)
        AND status IN ('已入账', 'posted')
        AND posted_at >= getvariable('start') AND posted_at < getvariable('cut')
), movements AS (
    SELECT party, member, sum(points) AS points FROM moved GROUP BY ALL
), opening AS (
    SELECT 'a' AS party, 会员号 AS member, 期初余额 AS balance
    FROM read_parquet(getvariable('data') || '/a/2026-03/opening.parquet')
    UNION ALL
    SELECT 'b', member_no, balance
    FROM read_parquet(getvariable('data') || '/b/2026-03/opening.parquet')
), closing AS (
    SELECT 'a' AS party, 会员号 AS member, 期末余额 AS balance
    FROM read_parquet(getvariable('data') || '/a/2026-03/accounts.parquet')
    UNION ALL
    SELECT 'b', member_no, balance
    FROM read_parquet(getvariable('data') || '/b/2026-03/accounts.parquet')
)
SELECT party, member, (coalesce(o.balance, 0) + coalesce(m.points, 0))::BIGINT AS expected,
    c.balance AS reported
FROM opening o FULL JOIN movements m USING (party, member)
FULL JOIN closing c USING (party, member);

COPY (
    WITH within AS (
        FROM judged WHERE i_at >= getvariable('start') AND i_at < getvariable('cut')
            AND (held IS NOT NULL OR amiss IS NOT NULL OR c_at >= getvariable('cut'))
    ), alone AS (
        SELECT issuer, i_event, NULL AS c_event, i_member, NULL AS c_member, i_at AS leg_at,
            i_points AS points, i_orphan AS orphan, i_reversal AS reversal, 'EVT-01' AS code
        FROM rest_i ANTI JOIN later USING (issuer, i_event)
        UNION ALL
        SELECT issuer, NULL, c_event, NULL, c_member, c_at, c_points, c_orphan, c_reversal, 'EVT-02'
        FROM rest_c ANTI JOIN later USING (issuer, c_event)
    )
    SELECT code, issuer, i_event AS issuer_event_id, c_event AS acceptor_event_id,
        i_member AS issuer_member, c_member AS acceptor_member, agreed AS expected,
        recorded AS actual
    FROM within, unnest([amiss, too_much, barred,
        if(held IS NULL AND c_at >= getvariable('cut'), 'EVT-06', NULL)]) AS told (code)
    -- An absent member is told once, of the link.
    WHERE code IS NOT NULL AND code NOT IN ('MBR-01', 'MBR-02')
    UNION ALL
    SELECT 'REV-01', issuer, i_event, c_event, i_member, c_member, NULL, recorded FROM valued
    WHERE orphan AND i_at >= getvariable('start') AND i_at < getvariable('cut')
    UNION ALL
    SELECT CASE WHEN orphan THEN 'REV-01'
            WHEN leg_at + INTERVAL 2 DAY > getvariable('cut') THEN 'EVT-07'
            WHEN reversal THEN 'REV-03' ELSE code END,
        issuer, i_event, c_event, i_member, c_member, NULL, points
    FROM alone WHERE leg_at >= getvariable('start') AND leg_at < getvariable('cut')
    UNION ALL
    SELECT 'EVT-03', party, event_id, NULL, member, NULL, NULL, points
    FROM twice, range(extras) WHERE occurred_at >= getvariable('start')
        AND occurred_at < getvariable('cut')
    UNION ALL
    SELECT code, NULL, NULL, NULL, a_member, b_member, NULL, NULL
    FROM standing, unnest([if(absent_a, 'MBR-01', NULL), if(absent_b, 'MBR-02', NULL)])
        AS told (code)
    WHERE bound_at < getvariable('cut') AND unbound_at > getvariable('start')
        AND code IS NOT NULL
    UNION ALL
    SELECT 'LED-01', party, NULL, NULL, member, NULL, expected, reported FROM accounts
    WHERE reported IS DISTINCT FROM expected
    UNION ALL
    SELECT 'LED-02', party, NULL, NULL, member, NULL, expected, reported FROM accounts
    WHERE expected < 0 OR reported < 0
) TO (getvariable('out') || '/discrepancies.parquet') (FORMAT parquet);

-- The statement: gross by issuer, flow and versions, fee and tax from what is rounded, half up.
CREATE TEMP TABLE lines AS
WITH gross AS (
    SELECT issuer, flow, ratio_from, count(*) AS events, sum(cleared)::BIGINT AS points,
        round(points::DECIMAL(20, 0) * any_value(rate), 2)::DECIMAL(18, 2) AS amount
    FROM counted GROUP BY issuer, flow, ratio_from
), fees AS (
    SELECT *, round(amount * 0.02::DECIMAL(4, 2), 2)::DECIMAL(18, 2) AS fee FROM gross
), priced AS (
    SELECT *, round(fee * 0.06::DECIMAL(4, 2), 2)::DECIMAL(18, 2) AS tax,
        if(issuer = 'a', 'b', 'a') AS partner FROM fees
)
SELECT 'gross' AS type, issuer, flow, ratio_from, events, points, amount,
    if(flow = 'sale', partner, issuer) AS payer FROM priced
UNION ALL
SELECT 'fee', issuer, flow, ratio_from, events, points, fee, issuer FROM priced
UNION ALL
SELECT 'tax', issuer, flow, ratio_from, events, points, tax, issuer FROM priced
UNION ALL
SELECT 'carry', NULL, NULL, NULL, 0, 0, 125.40, 'a';

COPY (FROM lines) TO (getvariable('out') || '/statement_lines.parquet') (FORMAT parquet);
COPY (SELECT sum(if(payer = 'a', amount, -amount)) AS net FROM lines)
TO (getvariable('out') || '/statement.parquet') (FORMAT parquet);
COPY (SELECT issuer, matched_by, count(*) AS pairs FROM counted GROUP BY ALL)
TO (getvariable('out') || '/pairs.parquet') (FORMAT parquet);
