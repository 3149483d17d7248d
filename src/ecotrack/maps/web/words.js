// Words, numbers and elements: everything that a person reads passes through here.
(function () {
  'use strict';

  const eco = { lang: 'zh', painters: [] };
  window.ecotrack = eco;

  const WORDS = {
    layers: ['图层与图例', 'Layers and legend'],
    panel: ['指标', 'Figures'],
    targets: ['目标', 'Targets'],
    funnel: ['任务', 'Tasks'],
    units: ['单位', 'Units'],
    map: ['地图', 'Map'],
    asOf: ['截至', 'As of'],
    asKnown: ['按当时所知', 'As known at'],
    version: ['数据版本', 'Data version'],
    record: ['登记第', 'entry '],
    sketch: ['示意', 'Sketch'],
    sample: ['示例', 'Sample'],
    internal: ['内部工作用图', 'Internal working map'],
    level: ['密级', 'Classification'],
    approval: ['审图号', 'Map approval number'],
    noRecord: ['无记录', 'No record'],
    otherState: ['其他', 'Other'],
    withRecord: ['有记录', 'with a record:'],
    newest: ['最近', 'newest'],
    records: ['进度记录', 'Progress records'],
    wholeRecords: ['整个图层的记录', 'Records of the whole layer'],
    recordsShown: ['条，显示最近', ' in all, the latest '],
    state: ['状态', 'State'],
    value: ['数值', 'Value'],
    unit: ['单位', 'Unit'],
    document: ['依据', 'Basis'],
    target: ['目标', 'Target'],
    deadline: ['期限', 'By'],
    city: ['城市', 'City'],
    eachCity: ['各城市', 'Each city'],
    share: ['完成目标的', 'Share of the target'],
    plots: ['块', 'plots'],
    losses: ['减少', 'lost'],
    above: ['高于上一步，请核对', 'above the step before: check'],
    notAssessed: ['未评价', 'Not assessed'],
    rank: ['名次', 'Rank'],
    assigned: ['任务（亩）', 'Task (mu)'],
    done: ['完成（亩）', 'Done (mu)'],
    rate: ['完成率', 'Rate'],
    total: ['合计', 'Total'],
    kmTreated: ['河渠治理里程', 'Rivers and canals treated'],
    noneDone: ['尚无完工里程', 'nothing finished yet'],
    drawnLine: ['按示意线里程计，单岸折半，不计百分比', 'kilometres of the drawn line, one bank counts half; no percentage'],
    features: ['要素', 'features:'],
    none: ['没有可显示的内容', 'Nothing to show'],
    document2: ['文件', 'Document'],
    about: ['底图由本工作区图层绘制；坐标 CGCS2000（EPSG:4490）；绘图 Leaflet、folium',
      'Drawn from the layers of the workspace; CGCS2000 (EPSG:4490); made with Leaflet and folium'],
    sketchNote: ['标“示意”的图形按公开数据概绘，不作定界依据', '"Sketch" geometry is drawn from published facts and settles no border'],
    other: ['English', '中文'],
    north: ['北', 'N'],
    waterLevel: ['水位', 'level'],
    here: ['此处', 'Here'],
    next: ['下一个', 'Next'],
    showState: ['显示', 'Show'],
    hideState: ['隐藏', 'Hide'],
    play: ['播放', 'Play'],
    pause: ['暂停', 'Pause'],
    time: ['时间', 'Time'],
    tools: ['工具', 'Tools'],
    extras: ['工具', 'Tools'],
    search: ['查找地块、单位、名称', 'Search plots, units, names'],
    searchHint: ['查找小班号、名称、单位', 'Plot id, name, unit'],
    nothingFound: ['没有找到', 'Nothing found'],
    filter: ['筛选地块', 'Filter plots'],
    all: ['全部', 'All'],
    allPlots: ['取消筛选', 'Clear filters'],
    measure: ['量测', 'Measure'],
    measureHint: ['在图上依次点击；Esc 结束', 'Click on the map; Esc ends'],
    length: ['长度', 'Length'],
    area: ['面积', 'Area'],
    compare: ['对比', 'Compare'],
    swipe: ['卷帘位置', 'Position of the swipe'],
    otherDay: ['右侧日期', 'Day on the right'],
    printA4: ['打印 A4', 'Print A4'],
    printA3: ['打印 A3', 'Print A3'],
    png: ['存为图片', 'Save as PNG'],
    legend: ['图例', 'Legend'],
    legendCounts: ['数字为个数', 'numbers: features'],
    zone: ['3°带', '3° zone'],
    zoomIn: ['放大', 'Zoom in'],
    zoomOut: ['缩小', 'Zoom out'],
    noBorder: ['本图界线不作定界依据', 'Borders on this map settle nothing'],
    noPlots: ['地块没有读出：', 'The plots could not be read:'],
    findings: ['疑点', 'Findings'],
    overlaps: ['重叠', 'Overlaps'],
    baseKey: ['天地图密钥', 'Key for Tianditu'],
    keyNeeded: ['请填写密钥', 'a key is needed'],
    noBase: ['没有网络或密钥无效', 'no network, or the key is not valid'],
    passes: ['达标', 'passes'],
    accepted: ['审核净面积', 'Accepted, net'],
    qualified: ['合格净面积', 'Qualified, net'],
    spongeShare: ['达标面积占比', 'Share that passes'],
    zonesPassed: ['达标分区', 'Zones that pass'],
    figuresOf: ['属地指标，截至', 'Figures of the place, as of'],
    goThere: ['在地图上显示', 'Show on the map'],
    byImagery: ['影像旁证：', 'Imagery beside it:'],
    forest: ['林地', 'forest'],
    built: ['建设用地', 'built-up ground'],
    inNoFigure: ['，不进入本指标', ', in no figure'],
    imageryForest: ['影像林地占比', 'Forest by imagery'],
    imageryBuilt: ['影像建设用地占比', 'Built-up by imagery'],
    satellite: ['影像核对', 'Satellite verdicts'],
    scenes: ['景影像', 'scenes'],
    noFigure: ['只供审核参考，不改动任何指标；“未核对”不是通过', 'For reviewers; changes no figure. "Not run" is no pass'],
    neverRun: ['尚未运行影像核对（ecotrack verify plots）', 'not run yet: ecotrack verify plots'],
    verdictsLater: ['核对结论晚于本图日期，未显示：', 'verdicts are later than this map and not shown:'],
    contradicts: ['影像与“已造林”矛盾：', 'Imagery contradicts the planting: '],
    chipBefore: ['造林前', 'before'],
    chipAfter: ['造林后', 'after'],
    chipColours: ['假彩色：植被为红，地块边界为黄', 'False colours: plants red, the outline yellow'],
    lake: ['湖面', 'Lake'],
    lakeSeries: ['历次湖面观测（全湖，平方公里）', 'Surface of the whole lake by observation, km²'],
    lakeSeriesName: ['依据 · 水面', 'Basis · surface'],
    lakeAdopted: ['采用', 'adopted'],
    lakeWaits: ['待审，不进入指标', 'in review: feeds no figure'],
    lakeYear: ['当年范围与中位数', 'range and median of the year'],
    lakeObservations: ['观测记录', 'Observations'],
    yearsAsOf: ['中位数和范围截至', 'Medians and ranges as of'],
    onlyAdopted: ['，只用采用的观测', ', of adopted observations alone'],
    year: ['年份', 'Year'],
    times: ['次数', 'Times'],
    median: ['中位数', 'Median'],
    range: ['范围', 'Range'],
    receipt: ['指标出处与凭证', 'Where the figures are from, and receipts'],
    receiptState: ['登记库', 'Register'],
    receiptHead: ['链尾', 'Head'],
    receiptKnown: ['所知时刻', 'As known at'],
    definitions: ['口径版本', 'Definitions'],
    noReceipt: ['未出具凭证', 'no receipt issued'],
    receiptDay: ['凭证只对本图日期的指标：', 'Receipts are of the figures of the map\'s own day: '],
    receiptHow: ['复算：ecotrack reproduce 凭证编号', 'To compute one again: ecotrack reproduce RECEIPT'],
    wholeLake: ['全湖', 'whole lake'],
    clearShare: ['无云', 'clear'],
    inDoubt: ['存疑', 'in doubt'],
    no: ['否', 'no'],
    yes: ['是', 'yes']
  };

  const UNITS = {
    km2: ['平方公里', 'km²'], mu: ['亩', 'mu'], m2: ['平方米', 'm²'], ha: ['公顷', 'ha'], km: ['公里', 'km'], m: ['米', 'm'],
    pct: ['%', '%'], points: ['个百分点', 'points'], places: ['位', 'places'], place: ['位', ''], ug_m3: ['微克/立方米', 'µg/m³'],
    '1e8_m3': ['亿立方米', '10⁸ m³'], m3: ['立方米', 'm³'], working_days: ['个工作日', 'working days'],
    months: ['个月', 'months'], '亩': ['亩', 'mu'], '株/亩': ['株/亩', 'stems/mu'], days: ['天', 'days']
  };

  const STATES = {
    '合格': 'qualified', '待查': 'to be checked', '补植': 'to replant', '失败': 'failed', '核销': 'struck',
    '已整地': 'prepared', '已造林': 'planted', '未开工': 'not begun', '在建': 'under way', '完工': 'finished',
    '验收': 'accepted', '反弹': 'relapsed', '达标': 'passes', '不达标': 'fails', '未评估': 'not assessed',
    '已评价': 'assessed', '断流': 'dry', '冰冻': 'frozen', '未监测': 'unmonitored', '待审': 'in review',
    '矛盾': 'contradicts', '支持': 'supports', '看不出': 'cannot tell', '未核对': 'not run', '争议': 'disputed', '重叠': 'shared', '碎屑重叠': 'sliver', '采用': 'adopted', '实测': 'measured', '影像': 'imagery',
    '敞水面': 'open water', '含挺水植物': 'with emergent plants', '退回': 'returned', '计划': 'planned', '进行': 'running', '结束': 'ended'
  };

  const LEVELS = { '公开': 'Public', '内部': 'Internal', '涉密': 'Secret' };

  eco.word = function (key) {
    return WORDS[key][eco.lang === 'en' ? 1 : 0];
  };

  eco.level = function (level) {
    return eco.lang === 'en' ? LEVELS[level] || level : level;
  };

  eco.state = function (state) {
    const known = eco.lang === 'en' && Object.prototype.hasOwnProperty.call(STATES, state);
    return known ? STATES[state] : state;
  };

  // A planting season such as 2017-spring, in words; any other text as it is.
  eco.season = function (text) {
    const found = /^(\d{4})-(spring|autumn)$/.exec(text);
    if (!found || eco.lang === 'en') {
      return text;
    }
    return found[1] + '年' + (found[2] === 'spring' ? '春季' : '秋季');
  };

  // A value of a field in words: a season, a verdict of imagery, or the text as it is.
  eco.value = function (text, field) {
    return field && field.title.zh === '影像核对' ? eco.state(text) : eco.season(text);
  };

  // One of {zh, en}; what has no English stays Chinese.
  eco.pick = function (both) {
    return both ? (eco.lang === 'en' && both.en) || both.zh || '' : '';
  };

  // The same for keys such as title_zh and title_en.
  eco.pickKey = function (object, key) {
    return eco.pick({ zh: object[key + '_zh'], en: object[key + '_en'] });
  };

  eco.unit = function (unit) {
    const known = Object.prototype.hasOwnProperty.call(UNITS, unit) ? UNITS[unit] : null;
    return known ? known[eco.lang === 'en' ? 1 : 0] : unit || '';
  };

  // Halves go away from zero on the decimal text of the number, as office tables do and as Python's side does.
  function rounded(value, digits) {
    const text = String(value);
    if (/e/i.test(text)) {
      return Number(value).toFixed(digits);
    }
    const negative = text.charAt(0) === '-';
    const units = String(Math.round(Number((negative ? text.slice(1) : text) + 'e' + digits)));
    const padded = units.padStart(digits + 1, '0');
    const cut = padded.length - digits;
    const sign = negative && /[1-9]/.test(units) ? '−' : '';
    return sign + padded.slice(0, cut) + (digits ? '.' + padded.slice(cut) : '');
  }

  // A number as people read it: thousands apart, at most `digits` decimals; `fixed` keeps the zeros.
  eco.number = function (value, digits, fixed) {
    if (value === null || value === undefined) {
      return '–';
    }
    const places = digits === undefined ? 2 : digits;
    const parts = rounded(value, places).split('.');
    const whole = parts[0].replace(/\B(?=(\d{3})+$)/g, ',');
    const rest = parts[1] && !fixed ? parts[1].replace(/0+$/, '') : parts[1];
    return rest ? whole + '.' + rest : whole;
  };

  eco.quantity = function (value, unit, digits) {
    if (value === null || value === undefined) {
      return '–';
    }
    const name = eco.unit(unit);
    return eco.number(value, digits) + (name ? (name === '%' ? '' : '\u202f') + name : '');
  };

  // The first `most` characters, whole code points.
  eco.clip = function (text, most) {
    const points = Array.from(String(text));
    return points.length > most ? points.slice(0, most).join('') + '…' : points.join('');
  };

  // An element whose text is text, whatever it holds; children may be elements or strings.
  eco.el = function (name, className, children) {
    const element = document.createElement(name);
    if (className) {
      element.className = className;
    }
    [].concat(children === undefined || children === null ? [] : children).forEach(function (child) {
      element.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
    });
    return element;
  };

  // A name from data: its direction marks stay inside it.
  eco.name = function (text, most) {
    const element = eco.el('bdi', 'eco-data', eco.clip(text, most || 200));
    if (Array.from(String(text)).length > (most || 200)) {
      element.title = eco.clip(text, 1000);
    }
    return element;
  };

  eco.mark = function (key) {
    return eco.el('span', 'eco-mark eco-mark-' + key, eco.word(key));
  };

  eco.empty = function (element) {
    while (element.firstChild) {
      element.removeChild(element.firstChild);
    }
    return element;
  };

  eco.fill = function (element, children) {
    eco.empty(element);
    children.forEach(function (child) { element.appendChild(child); });
    return element;
  };

  eco.read = function (key) {
    return JSON.parse(document.getElementById('ecotrack-' + key).textContent);
  };

  // A block that not every map has.
  eco.maybe = function (key) {
    return document.getElementById('ecotrack-' + key) ? eco.read(key) : null;
  };

  // Registers a painter of words and runs it; a change of language runs all of them again.
  eco.paint = function (painter) {
    eco.painters.push(painter);
    painter();
  };

  eco.speak = function (lang) {
    eco.lang = lang === 'en' ? 'en' : 'zh';
    document.documentElement.lang = eco.lang === 'en' ? 'en' : 'zh-CN';
    eco.painters.forEach(function (painter) {
      painter();
    });
  };
})();
